/** Writes a generated token into the configuration file, where the official clients of the host find it too. */
import { dirname } from "node:path";
import type { Secret } from "../secrets/secret.ts";
import { replaceFile } from "./atomic_write.ts";
import { quoteReservedKeys } from "./reserved_keys.ts";

/**
 * Sets `gateway.auth.token`; comments and formatting stay. The only write to the file that nobody asked for.
 * The new text is put in place in one step, mode 0600: a crash leaves the old file or the new one.
 * `raw`: the text that was read, undefined when there is no file. Throws a sentence.
 */
export async function writeToken(path: string, raw: string | undefined, token: Secret): Promise<void> {
  try {
    const text = raw === undefined || raw.trim() === "" ? freshFile(token) : await withToken(raw, token);
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await replaceFile(path, text);
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
  const root = JsonParser.parse(quoteReservedKeys(raw), JsonObjectNode);
  const child = (parent: InstanceType<typeof JsonObjectNode>, key: string) => {
    if (!parent.has(key)) parent.set(key, {});
    return parent.get(key, JsonObjectNode);
  };
  child(child(root, "gateway"), "auth").set("token", token.reveal());
  return root.toString();
}
