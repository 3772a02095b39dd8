/** The permission flags of a gateway under test: those that the program derives for itself, as `deno task gateway` does. */

const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * The flags that `openclaw permissions --flags` prints for this environment and these arguments. The command that asks
 * for them is the one inside `deno task gateway`, so that a test never runs on more than a user does.
 */
export async function gatewayFlags(env: Record<string, string>, args: readonly string[]): Promise<string[]> {
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: [...await askFlags(env), `${ROOT}main.ts`, "permissions", "--flags", ...args],
    cwd: ROOT,
    clearEnv: true,
    env,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout).trim();
  if (code !== 0 || !text.startsWith("--")) {
    throw new Error(`Cannot derive permissions: exit code ${code}\n${text}\n${new TextDecoder().decode(stderr)}`);
  }
  return text.split(/\s+/u);
}

/** `run` and its flags, as written inside the task's command substitution. */
async function askFlags(env: Record<string, string>): Promise<string[]> {
  const config: { tasks?: Record<string, string | { command: string }> } = JSON.parse(
    await Deno.readTextFile(`${ROOT}deno.json`),
  );
  const task = config.tasks?.["gateway"];
  const text = typeof task === "string" ? task : task?.command ?? "";
  const inner = /\$\(\s*deno (run .*?)\s+(?:\.\/)?main\.ts permissions/u.exec(text)?.[1];
  if (inner === undefined) throw new Error('Cannot read task "gateway": no "$(deno run … main.ts permissions" in it');
  return inner.replaceAll(/\$\{?([A-Z_]+)\}?/gu, (_, name: string) => env[name] ?? "").split(/\s+/u);
}
