/** Writes a generated token into the configuration file, where the official clients of the host find it too. */
import { dirname } from "node:path";
import type { Secret } from "../secrets/secret.ts";

/**
 * Sets `gateway.auth.token`; comments and formatting stay. The only write to the file that nobody asked for.
 * The new text is put in place in one step, mode 0600: a crash leaves the old file or the new one.
 * `raw`: the text that was read, undefined when there is no file. Throws a sentence.
 */
export async function writeToken(path: string, raw: string | undefined, token: Secret): Promise<void> {
  try {
    const text = raw === undefined || raw.trim() === "" ? freshFile(token) : await withToken(raw, token);
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await replaceFile(await target(path), text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot write gateway.auth.token to "${path}": ${reason}`, { cause: error });
  }
}

const freshFile = (token: Secret): string =>
  `${JSON.stringify({ gateway: { auth: { token: token.reveal() } } }, null, 2)}\n`;

/** `raw` with the token in it, everything else as it was. */
export async function withToken(raw: string, token: Secret): Promise<string> {
  const { JsonObjectNode, JsonParser } = await import("@croct/json5-parser");
  const root = JsonParser.parse(raw, JsonObjectNode);
  const child = (parent: InstanceType<typeof JsonObjectNode>, key: string) => {
    if (!parent.has(key)) parent.set(key, {});
    return parent.get(key, JsonObjectNode);
  };
  child(child(root, "gateway"), "auth").set("token", token.reveal());
  return root.toString();
}

/** The file behind a symbolic link: replacing the link itself would cut it off from its target. */
async function target(path: string): Promise<string> {
  try {
    return (await Deno.lstat(path)).isSymlink ? await Deno.realPath(path) : path;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return path;
    throw error;
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    const file = await Deno.open(temporary, { createNew: true, write: true, mode: 0o600 });
    try {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}
