/** The permission flags of a gateway under test: those that the program derives for itself, as `deno task gateway` does. */

const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * The flags that `deno task gateway` would start the gateway with, for this environment and these arguments; with
 * `--for cli` among them those of the other commands. A test never runs on more than a user does.
 */
export async function gatewayFlags(env: Record<string, string>, args: readonly string[]): Promise<string[]> {
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "flags", ...args],
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

/** The same for a test's own executable, which knows providers that main.ts does not. */
export async function flagsOf(main: string, env: Record<string, string>, args: readonly string[]): Promise<string[]> {
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--cached-only", "--no-prompt", "--allow-read", "--allow-env", "--allow-sys"],
      ...[main, "permissions", "--flags", ...args.filter((arg) => arg !== "--verbose")],
    ],
    clearEnv: true,
    env,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout).trim();
  if (code === 0 && text.startsWith("--")) return text.split(/\s+/u);
  throw new Error(`Cannot derive permissions: exit code ${code}\n${text}\n${new TextDecoder().decode(stderr)}`);
}

/** The flags of `deno task gateway` that are no permissions: what tunes the engine belongs to what is tested. */
export async function engineFlags(): Promise<string[]> {
  const config: { tasks: Record<string, string | { command: string }> } = JSON.parse(
    await Deno.readTextFile(`${ROOT}deno.json`),
  );
  const task = config.tasks["gateway"];
  const text = typeof task === "string" ? task : task?.command ?? "";
  return [...text.matchAll(/--v8-flags=\S+/gu)].map(([flag]) => flag);
}
