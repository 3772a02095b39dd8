/** Finds programs in PATH without running anything, and tells whether this process may run them. */
import { isAbsolute, join, resolve } from "node:path";
import type { Env } from "../../observe/home.ts";
import { pathFolders } from "./environment.ts";

export interface Programs {
  /** The absolute path of the first one in PATH; undefined when there is none. A name with a slash is no name. */
  which(name: string): Promise<string | undefined>;
  /** What `argv[0]` stands for: a path is taken from `cwd`, a name is looked for. Undefined when it is not there. */
  locate(word: string, cwd: string): Promise<string | undefined>;
  /** Whether the process was started with the right to run this path. */
  mayRun(path: string): boolean;
}

export function programsOf(env: Env): Programs {
  const folders = pathFolders(env);
  const endings = Deno.build.os === "windows" ? ["", ...(env.get("PATHEXT") ?? ".EXE").split(";")] : [""];
  const which = async (name: string) => {
    if (name === "" || name === "." || name === ".." || /[\\/\0]/u.test(name)) return undefined;
    for (const folder of folders) {
      for (const ending of endings) {
        const path = join(folder, name + ending);
        if (await isProgram(path)) return path;
      }
    }
    return undefined;
  };
  return {
    which,
    async locate(word, cwd) {
      if (!/[\\/]/u.test(word)) return await which(word);
      const path = isAbsolute(word) ? resolve(word) : resolve(cwd, word);
      return await isProgram(path, true) ? path : undefined;
    },
    mayRun: (path) => Deno.permissions.querySync({ name: "run", command: path }).state === "granted",
  };
}

/** `unknown`: the answer for a path that this process may not look at. */
async function isProgram(path: string, unknown = false): Promise<boolean> {
  try {
    const { isFile, mode } = await Deno.stat(path);
    return isFile && (mode === null || Deno.build.os === "windows" || (mode & 0o111) !== 0);
  } catch (error) {
    return unknown && error instanceof Deno.errors.NotCapable;
  }
}
