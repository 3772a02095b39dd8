/** Device tokens that gateways gave this machine, in the official clients' format: `<state>/identity/device-auth.json`. */
import { join } from "node:path";
import { type Static, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import { readIfPresent, writePrivate } from "./files.ts";

const StoredToken = Type.Object({
  token: Type.String({ minLength: 1 }),
  role: Type.String(),
  scopes: Type.Array(Type.String()),
  updatedAtMs: Type.Number(),
});
const AuthFile = Type.Object({
  version: Type.Literal(1),
  deviceId: Type.String(),
  tokens: Type.Record(Type.String(), StoredToken),
});
type AuthFile = Static<typeof AuthFile>;
export type StoredToken = Static<typeof StoredToken>;
const checkAuthFile = checker(AuthFile);

/**
 * The file for a gateway. The gateway that this machine is configured for has the official name; one that was named by
 * `--url` gets a file of its own, so that its token neither replaces the other one nor is ever sent to it.
 */
export async function deviceAuthPath(
  stateDir: string,
  foreignUrl: string | undefined,
  device: "device" | "node" = "device",
): Promise<string> {
  const folder = join(stateDir, "identity");
  if (foreignUrl === undefined) return join(folder, `${device}-auth.json`);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(foreignUrl));
  return join(folder, `${device}-auth.${new Uint8Array(digest).toHex().slice(0, 16)}.json`);
}

/** The tokens of one device at one gateway, by role. */
export class DeviceAuth {
  private constructor(
    private readonly path: string,
    private readonly deviceId: string,
    private tokens: Readonly<Record<string, StoredToken>>,
    /** Why the file was not used; it is then never written either. */
    readonly problem: string | undefined,
  ) {}

  static async load(path: string, deviceId: string): Promise<DeviceAuth> {
    const text = await readIfPresent(path);
    if (text === undefined) return new DeviceAuth(path, deviceId, {}, undefined);
    const checked = checkAuthFile(parse(text));
    if (!checked.ok) {
      return new DeviceAuth(path, deviceId, {}, `Cannot use "${path}": it is damaged; move it away to get a new one`);
    }
    return new DeviceAuth(path, deviceId, checked.value.deviceId === deviceId ? checked.value.tokens : {}, undefined);
  }

  token(role: string): StoredToken | undefined {
    return Object.hasOwn(this.tokens, role) ? this.tokens[role] : undefined;
  }

  /** Keeps a token; the file is left alone when it already holds it. */
  async store(entry: StoredToken): Promise<void> {
    const known = this.token(entry.role);
    if (known?.token === entry.token && known.scopes.join() === entry.scopes.join()) return;
    await this.#write({ ...this.tokens, [entry.role]: entry });
  }

  /** Forgets a token that the gateway refused. */
  async forget(role: string): Promise<void> {
    if (this.token(role) === undefined) return;
    await this.#write(Object.fromEntries(Object.entries(this.tokens).filter(([name]) => name !== role)));
  }

  async #write(tokens: AuthFile["tokens"]): Promise<void> {
    if (this.problem !== undefined) return;
    this.tokens = tokens;
    const file: AuthFile = { version: 1, deviceId: this.deviceId, tokens };
    await writePrivate(this.path, `${JSON.stringify(file, null, 2)}\n`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
