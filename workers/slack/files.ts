/** Attachments of others: asked for by id, read with the bot token from Slack's file host and no other, up to the limit. */
import { checker } from "../../schemas/validate.ts";
import { ProviderError } from "../runtime/provider.ts";
import { type Api, UPLOAD_MS } from "./api.ts";
import { failed, toProviderError } from "./errors.ts";
import type { Settings } from "./settings.ts";
import { FileInfo } from "./wire.ts";

const checkInfo = checker(FileInfo);

export interface FetchedFile {
  readonly kind: "media";
  readonly data: Uint8Array<ArrayBuffer>;
  readonly mimeType: string;
  readonly fileName?: string;
}

interface Deps {
  readonly api: Api;
  readonly settings: Settings;
}

/** Fetches the file of an id. `maxBytes` also bounds one whose length Slack did not say or said wrong. */
export async function fetchFile(id: string, maxBytes: number, deps: Deps, signal: AbortSignal): Promise<FetchedFile> {
  const most = Math.min(maxBytes, deps.settings.maxMediaBytes);
  try {
    const { file } = await deps.api.call("files.info", { file: id }, checkInfo, { signal });
    if (file.size !== undefined && file.size > most) throw tooLarge(file.size, most);
    const url = file.url_private_download ?? file.url_private;
    if (url === undefined) throw failed("not_found", "Slack gave no address to fetch the file from");
    // The token goes with the request: a file that is linked from elsewhere must not get it.
    if (!deps.settings.isFileHost(url)) throw failed("forbidden", "The file does not lie at Slack's file host");
    const response = await open(url, deps, signal);
    const served = response.headers.get("content-type")?.split(";")[0]?.trim();
    const isPage = served === "text/html" && file.mimetype !== "text/html";
    if (isPage) {
      await response.body?.cancel();
      throw failed("forbidden", "Slack showed its login page instead of the file: the app lacks the scope files:read");
    }
    const data = await readUpTo(response, most);
    return {
      kind: "media",
      data,
      mimeType: file.mimetype || served || "application/octet-stream",
      ...(file.name ? { fileName: file.name } : {}),
    };
  } catch (error) {
    // Reading changes nothing on the platform, whatever became of the answer.
    throw new ProviderError({ ...toProviderError(error).error, outcome: "not_sent" });
  }
}

async function open(url: string, { api, settings }: Deps, signal: AbortSignal): Promise<Response> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(UPLOAD_MS)]);
  const headers = { authorization: `Bearer ${settings.botToken}` };
  const response = await api.fetch(url, { headers }, deadline);
  if (response.ok) return response;
  await response.body?.cancel();
  const { status } = response;
  if (status === 404 || status === 410) throw failed("not_found", "Slack no longer has this file");
  throw new ProviderError({
    code: "platform",
    message: `Slack's file host answered ${status}`,
    retryable: status >= 500 || status === 429,
    outcome: "not_sent",
    platformCode: String(status),
  });
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

const tooLarge = (bytes: number, most: number): ProviderError =>
  failed(
    "too_large",
    `The attachment has more than ${most} bytes (${bytes}); channels.slack.mediaMaxMb allows no more`,
  );
