/** Attachments of others: asked for by id, read up to the limit. */
import { checker } from "../../schemas/validate.ts";
import { ProviderError } from "../runtime/provider.ts";
import { CALL_MS, type OpenApi, readAnswer, UPLOAD_MS } from "./api.ts";
import { NotTheApi, toProviderError } from "./errors.ts";
import type { Settings } from "./settings.ts";
import { FileInfo } from "./wire.ts";

const checkFile = checker(FileInfo);

export interface FetchedFile {
  readonly kind: "media";
  readonly data: Uint8Array<ArrayBuffer>;
  readonly mimeType: string;
  readonly fileName?: string;
}

/** Fetches what `ref` names. `maxBytes` also bounds a file whose length Telegram did not say or said wrong. */
export async function fetchFile(
  ref: string,
  maxBytes: number,
  deps: { readonly api: OpenApi; readonly settings: Settings; readonly client: Deno.HttpClient },
  signal: AbortSignal,
): Promise<FetchedFile> {
  const most = Math.min(maxBytes, deps.settings.maxMediaBytes);
  try {
    const answer: unknown = await deps.api(signal, CALL_MS).getFile(ref);
    const { file_path: path, file_size: size } = readAnswer(checkFile, "getFile", answer);
    if (size !== undefined && size > most) throw tooLarge(size, most);
    if (path === undefined || path.startsWith("/") || path.split("/").includes("..")) {
      throw failed("Telegram gave no path to fetch the file from");
    }
    return { kind: "media", ...await download(path, most, deps, signal) };
  } catch (error) {
    throw notSent(toProviderError(error));
  }
}

async function download(
  path: string,
  most: number,
  { settings: { apiRoot, token }, client }: { readonly settings: Settings; readonly client: Deno.HttpClient },
  signal: AbortSignal,
) {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(UPLOAD_MS)]);
  // The token stands in the address: that is Telegram's way. It is in no message of ours, and never follows a redirect.
  const how: RequestInit & { client: Deno.HttpClient } = { signal: deadline, redirect: "error", client };
  const response = await fetch(`${apiRoot}/file/bot${token}/${path}`, how);
  if (!response.ok) {
    await response.body?.cancel();
    if (response.status === 404) throw failed("Telegram no longer has this file", "not_found");
    throw new NotTheApi(response.status);
  }
  const data = await readUpTo(response, most);
  const mimeType = response.headers.get("content-type")?.split(";")[0]?.trim();
  const fileName = path.split("/").at(-1);
  return {
    data,
    mimeType: mimeType || "application/octet-stream",
    ...(fileName === undefined || fileName === "" ? {} : { fileName }),
  };
}

async function readUpTo(response: Response, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop by a throw cancels the body.
  for await (const part of response.body ?? []) {
    length += part.byteLength;
    if (length > most) throw tooLarge(length, most);
    parts.push(part);
  }
  const data = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.byteLength;
  }
  return data;
}

/** Reading changes nothing on the platform, whatever became of the answer. */
const notSent = ({ error }: ProviderError): ProviderError => new ProviderError({ ...error, outcome: "not_sent" });

const tooLarge = (bytes: number, most: number): ProviderError =>
  failed(
    `The attachment has more than ${most} bytes (${bytes}); channels.telegram.mediaMaxMb allows no more`,
    "too_large",
  );

const failed = (message: string, code: "platform" | "not_found" | "too_large" = "platform"): ProviderError =>
  new ProviderError({ code, message, retryable: false, outcome: "not_sent" });
