/** The key that encrypts what providers keep with us: a file of the state directory that only main reads. */
import { join } from "node:path";

const FILE = "channel.key";
const BYTES = 32;

/** Reads the key, or makes it (0600) when there is none. Throws a sentence when the file is not a key. */
export async function loadStoreKey(stateDir: string): Promise<Uint8Array> {
  const path = join(stateDir, FILE);
  try {
    const key = crypto.getRandomValues(new Uint8Array(BYTES));
    const file = await Deno.open(path, { createNew: true, write: true, mode: 0o600 });
    try {
      for (let at = 0; at < BYTES;) at += await file.write(key.subarray(at));
      await file.sync();
    } finally {
      file.close();
    }
    return key;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const key = await Deno.readFile(path);
  if (key.byteLength === BYTES) return key;
  throw new Error(
    `Cannot read "${path}": it is not a key of ${BYTES} bytes; put back the file that belongs to this state`,
  );
}
