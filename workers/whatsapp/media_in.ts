/** Attachments that came in: fetched, checked and decrypted in memory. */
import { createDecipheriv, createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { MediaType } from "@whiskeysockets/baileys";
import { ProviderError } from "../runtime/provider.ts";
import { invalid } from "./errors.ts";
import type { Baileys } from "./library.ts";

/** All that is needed to fetch an attachment, also by a later worker: the `ref` of the neutral message. */
export interface Attachment {
  readonly type: MediaType;
  readonly key: string;
  readonly path?: string;
  readonly url?: string;
  readonly sha256?: string;
  readonly mime: string;
  readonly name?: string;
  /** The message, for asking the phone to upload it again. */
  readonly from: {
    readonly chat: string;
    readonly id: string;
    readonly participant?: string;
    readonly fromMe: boolean;
  };
}

export const attachmentRef = (attachment: Attachment): string =>
  new TextEncoder().encode(JSON.stringify(attachment)).toBase64({ alphabet: "base64url", omitPadding: true });

export function readAttachment(ref: string): Attachment {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(ref, { alphabet: "base64url" })));
    if (isAttachment(value)) return value;
  } catch {
    // Fall through: not one of ours.
  }
  throw invalid("Cannot fetch the attachment: its reference is not understood");
}

function isAttachment(value: unknown): value is Attachment {
  if (typeof value !== "object" || value === null) return false;
  const text = (key: string): boolean => typeof Reflect.get(value, key) === "string";
  return text("type") && text("key") && text("mime") && (text("path") || text("url")) && "from" in value;
}

/** HTTP said that the file is no longer there. */
export class MediaGone extends Error {}

const MAC_BYTES = 10;
/** What encryption adds at most: padding and the code. */
const OVERHEAD = 16 + MAC_BYTES;

/** Throws MediaGone when the phone has to upload it again. The host comes from the sender: the worker's net scope decides. */
export async function download(
  library: Baileys,
  attachment: Attachment,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { iv, cipherKey, macKey } = await library.getMediaKeys(Uint8Array.fromBase64(attachment.key), attachment.type);
  const body = await fetchBytes(urlOf(library, attachment), maxBytes + OVERHEAD, signal);
  if (body.byteLength <= MAC_BYTES || !macKey) throw broken("it is empty");
  const sealed = body.subarray(0, body.byteLength - MAC_BYTES);
  const mac = createHmac("sha256", macKey).update(iv).update(sealed).digest().subarray(0, MAC_BYTES);
  // The library does not look at it; a changed file would be decrypted into something else.
  if (!timingSafeEqual(mac, body.subarray(sealed.byteLength))) throw broken("its code does not match");
  const decipher = createDecipheriv("aes-256-cbc", cipherKey, iv);
  const plain = new Uint8Array(Buffer.concat([decipher.update(sealed), decipher.final()]));
  const sha256 = createHash("sha256").update(plain).digest("base64");
  if (attachment.sha256 !== undefined && attachment.sha256 !== sha256) throw broken("its checksum does not match");
  return plain;
}

function urlOf(library: Baileys, { path, url }: Attachment): string {
  if (path === undefined) return url ?? "";
  const host = url === undefined ? null : URL.parse(url);
  return library.getUrlFromDirectPath(path, host?.host ?? library.DEF_MEDIA_HOST);
}

const broken = (why: string): ProviderError =>
  new ProviderError({
    code: "platform",
    message: `Cannot read the attachment: ${why}`,
    retryable: false,
    outcome: "not_sent",
  });

const tooLarge = (maxBytes: number): ProviderError =>
  new ProviderError({
    code: "too_large",
    message: `The attachment has more than the ${maxBytes - OVERHEAD} bytes that are allowed`,
    retryable: false,
    outcome: "not_sent",
  });

async function fetchBytes(url: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const host = URL.parse(url)?.host ?? "";
  const response = await reach(url, host, signal);
  if (response.status === 404 || response.status === 410) {
    await response.body?.cancel();
    throw new MediaGone(`${host} answered ${response.status}`);
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw unreachable(host, `it answered ${response.status}`, response.status >= 500 || response.status === 429);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

async function reach(url: string, host: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { signal, headers: { origin: "https://web.whatsapp.com" } });
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new ProviderError({
        code: "forbidden",
        message: `The attachment leads to a host that this channel may not reach (${host})`,
        retryable: false,
        outcome: "not_sent",
      });
    }
    throw unreachable(host, signal.aborted ? "it took too long" : "the request failed", true);
  }
}

const unreachable = (host: string, why: string, retryable: boolean): ProviderError =>
  new ProviderError({
    code: "unreachable",
    message: `Cannot fetch the attachment from ${host}: ${why}`,
    retryable,
    outcome: "not_sent",
  });
