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
