/**
 * Worker messages as frames of a byte stream, for workers that are processes: lengths, then JSON, then the raw bytes of
 * every `Uint8Array` in it. Both ends use it, so it lives beside the contracts.
 *
 * Frame: u32 length of the JSON, u32 length of the bytes (big endian), JSON `{ m: message, b: [[path, length], …] }`, bytes.
 */
import { Closed, Int0, Type } from "../primitives.ts";
import { checker } from "../validate.ts";
import { MAX_MEDIA_BYTES } from "./content.ts";

/** Longest JSON part. Above the largest legal report (a store transaction), far below what would hurt main. */
export const MAX_FRAME_JSON = 16 * 1024 * 1024;
/** Most raw bytes of one frame. */
export const MAX_FRAME_BYTES = MAX_MEDIA_BYTES + 1024 * 1024;
const MAX_PARTS = 64;
const MAX_DEPTH = 40;
const HEADER = 8;

type Path = (string | number)[];

const Envelope = Closed({
  m: Type.Unknown(),
  b: Type.Array(
    Type.Tuple([Type.Array(Type.Union([Type.String(), Int0]), { minItems: 0, maxItems: MAX_DEPTH }), Int0]),
    { maxItems: MAX_PARTS },
  ),
});
const checkEnvelope = checker(Envelope, { first: true });

/** The chunks of one frame, to be written in this order. Throws when `message` is too deep, too large or not JSON. */
export function encodeFrame(message: unknown): Uint8Array<ArrayBuffer>[] {
  const parts: { readonly path: Path; readonly bytes: Uint8Array }[] = [];
  const json = new TextEncoder().encode(JSON.stringify({
    m: withoutBytes(message, [], parts),
    b: parts.map(({ path, bytes }) => [path, bytes.byteLength]),
  }));
  const total = parts.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  if (json.byteLength > MAX_FRAME_JSON) throw new Error(`Cannot frame a message: ${json.byteLength} bytes of JSON`);
  if (total > MAX_FRAME_BYTES) throw new Error(`Cannot frame a message: ${total} raw bytes`);
  const header = new Uint8Array(HEADER);
  const view = new DataView(header.buffer);
  view.setUint32(0, json.byteLength);
  view.setUint32(4, total);
  return [header, json, ...parts.map(({ bytes }) => new Uint8Array(bytes))];
}

function withoutBytes(value: unknown, path: Path, parts: { path: Path; bytes: Uint8Array }[]): unknown {
  if (value instanceof Uint8Array) {
    if (parts.length >= MAX_PARTS) throw new Error(`Cannot frame a message: more than ${MAX_PARTS} byte arrays`);
    parts.push({ path, bytes: value });
    return null;
  }
  if (typeof value !== "object" || value === null) return value;
  if (path.length >= MAX_DEPTH) throw new Error("Cannot frame a message: it is nested too deeply");
  if (Array.isArray(value)) return value.map((item, index) => withoutBytes(item, [...path, index], parts));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withoutBytes(item, [...path, key], parts)]),
  );
}

export interface FrameReader {
  /** Takes what the stream gave. After a fault everything is ignored. */
  push(chunk: Uint8Array): void;
}

/**
 * Turns a byte stream back into messages. A frame whose content makes no sense gives `undefined` (the port counts it as
 * malformed); a length beyond the limits is a fault, because the next frame can no longer be found.
 */
export function createFrameReader(
  onMessage: (message: unknown) => void,
  onFault: (reason: string) => void,
): FrameReader {
  let chunks: Uint8Array[] = [];
  let size = 0;
  let needed = HEADER;
  let broken = false;

  function take(length: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const first = chunks[0];
      if (!first) throw new Error("Cannot take bytes that are not there");
      const part = first.subarray(0, length - at);
      out.set(part, at);
      at += part.byteLength;
      if (part.byteLength === first.byteLength) chunks = chunks.slice(1);
      else chunks[0] = first.subarray(part.byteLength);
    }
    size -= length;
    return out;
  }

  let lengths: { readonly json: number; readonly bytes: number } | undefined;
  function step(): void {
    if (!lengths) {
      const view = new DataView(take(HEADER).buffer);
      lengths = { json: view.getUint32(0), bytes: view.getUint32(4) };
      needed = lengths.json + lengths.bytes;
      if (lengths.json <= MAX_FRAME_JSON && lengths.bytes <= MAX_FRAME_BYTES) return;
      broken = true;
      chunks = [];
      return onFault(`a frame of ${needed} bytes`);
    }
    const { json, bytes } = lengths;
    lengths = undefined;
    needed = HEADER;
    onMessage(decode(take(json), take(bytes)));
  }

  return {
    push(chunk) {
      if (broken || chunk.byteLength === 0) return;
      chunks.push(chunk);
      size += chunk.byteLength;
      while (!broken && size >= needed) step();
    },
  };
}

/** The message, or undefined when the two parts do not belong together. */
function decode(json: Uint8Array, bytes: Uint8Array): unknown {
  const envelope = parse(json);
  if (!checkEnvelope.is(envelope)) return undefined;
  if (envelope.b.reduce((sum, [, length]) => sum + length, 0) !== bytes.byteLength) return undefined;
  let at = 0;
  for (const [path, length] of envelope.b) {
    // A copy: a view would keep the whole frame alive and could not be transferred.
    if (!put(envelope, ["m", ...path], bytes.slice(at, at + length))) return undefined;
    at += length;
  }
  return envelope.m;
}

/** Replaces the null at `path`; false when there is none. Own properties only, so that no prototype can be reached. */
function put(root: object, path: Path, value: Uint8Array): boolean {
  let holder: object = root;
  for (const key of path.slice(0, -1)) {
    const next: unknown = Object.hasOwn(holder, key) ? Reflect.get(holder, key) : undefined;
    if (typeof next !== "object" || next === null) return false;
    holder = next;
  }
  const last = path.at(-1);
  if (last === undefined || !Object.hasOwn(holder, last) || Reflect.get(holder, last) !== null) return false;
  return Reflect.set(holder, last, value);
}

function parse(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch {
    return undefined;
  }
}
