/** The parameters of a Bot API call: JSON, or multipart with files. */
import { bad } from "./refusal.ts";

export interface Upload {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Params {
  readonly values: Record<string, unknown>;
  readonly files: ReadonlyMap<string, Upload>;
}

export async function readParams(contentType: string, body: Uint8Array<ArrayBuffer>): Promise<Params> {
  if (body.byteLength === 0) return { values: {}, files: new Map() };
  if (contentType.startsWith("application/json")) {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof parsed !== "object" || parsed === null) throw bad("can't parse the request body");
    return { values: { ...parsed }, files: new Map() };
  }
  if (!contentType.startsWith("multipart/form-data")) throw bad("unsupported content type");
  const form = await new Response(body, { headers: { "content-type": contentType } }).formData();
  const values: Record<string, unknown> = {};
  const files = new Map<string, Upload>();
  for (const [key, value] of form) {
    if (typeof value === "string") values[key] = fromForm(value);
    else files.set(key, { name: value.name, bytes: new Uint8Array(await value.arrayBuffer()) });
  }
  return { values, files };
}

/** Objects and lists come as JSON inside a form; everything else as text. */
function fromForm(value: string): unknown {
  if (!/^[[{]/u.test(value)) return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return parsed;
  } catch {
    return value;
  }
}

export const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};

/** Form values are text; `true` is a word there. */
export const isTrue = (value: unknown): boolean => value === true || value === "true";

export function textOf(values: Record<string, unknown>, key: string): string {
  const value = values[key];
  return typeof value === "string" ? value : value === undefined ? "" : String(value);
}
