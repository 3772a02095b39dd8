/**
 * The environment of this process. Must be the first import of main.ts and of nothing else: importing it replaces
 * `process.env` before any library can read it, and gives the env permission back.
 */
import { captureEnv, type Env } from "./env_capture.ts";
import { configPathOf } from "./home.ts";

export type { Env } from "./env_capture.ts";

/** What was in the environment, as far as the program knows it and the configuration names it. */
export const environment: Env = captureEnv(
  {
    read: (name) => Deno.env.get(name),
    replace(variables) {
      const process: unknown = Reflect.get(globalThis, "process");
      if (typeof process === "object" && process !== null) Reflect.set(process, "env", variables);
    },
    revoke: () => void Deno.permissions.revokeSync({ name: "env" }),
  },
  (env) => Deno.readTextFileSync(configPathOf(env)),
);
