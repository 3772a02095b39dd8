/** Files to Slack in its three steps: ask for an address, send the bytes there, share the file in the conversation. */
import { checker } from "../../schemas/validate.ts";
import type { Outbound } from "../../schemas/worker/content.ts";
import { type KeyStore, ProviderError } from "../runtime/provider.ts";
import { type Api, UPLOAD_MS } from "./api.ts";
import { failed, toProviderError } from "./errors.ts";
import type { Settings } from "./settings.ts";
import type { Address } from "./target.ts";
import { sleep } from "./trouble.ts";
import { Done, FileInfo, UploadUrl } from "./wire.ts";

const checkUrl = checker(UploadUrl);
const checkDone = checker(Done);
const checkInfo = checker(FileInfo);

type Media = NonNullable<Outbound["media"]>;

/** Slack's own limit. */
const MAX_BYTES = 1024 * 1024 * 1024;
/** The message of a shared file appears a moment after the answer. */
const LOOKS = 6;
const LOOK_MS = 250;
const STORE_KIND = "upload";

export interface UploadDeps {
  readonly api: Api;
  readonly settings: Pick<Settings, "mayReach">;
  readonly store: KeyStore;
}

export interface UploadJob {
  readonly media: Media;
  readonly caption: string;
  readonly address: Address;
  readonly key: string;
  /** An earlier attempt with this key may have shared the file. */
  readonly repeat: boolean;
}

/** Resolves with the id of the message that shows the file; the file's own id when Slack does not name it in time. */
export async function upload(deps: UploadDeps, job: UploadJob, signal: AbortSignal): Promise<string> {
  const { store } = deps;
  const { key, address } = job;
  const earlier = job.repeat ? (await store.get(STORE_KIND, [key]))[key] : undefined;
  if (earlier !== undefined) {
    const shared = await sharedTs(deps, earlier, address.channel, signal).catch((error: unknown) => {
      throw new ProviderError({ ...toProviderError(error).error, outcome: "unknown" });
    });
    if (shared !== undefined) return await forget(store, key, shared);
  }
  const fileId = await sendBytes(deps, job.media, signal);
  // Before it is shared: whoever repeats this send asks this file whether it is in the conversation.
  await store.set({ [STORE_KIND]: { [key]: fileId } });
  await share(deps, job, fileId, signal);
  for (let look = 0; look < LOOKS && !signal.aborted; look++) {
    // It is shared already: that its message was not found is no failure.
    const ts = await sharedTs(deps, fileId, address.channel, signal).catch(() => undefined);
    if (ts !== undefined) return await forget(store, key, ts);
    await sleep(LOOK_MS, signal);
  }
  return await forget(store, key, fileId);
}

async function forget(store: KeyStore, key: string, messageId: string): Promise<string> {
  await store.set({ [STORE_KIND]: { [key]: null } }).catch(() => {});
  return messageId;
}

/** Nothing of this is to be seen by anybody, so every failure means that nothing was sent. */
async function sendBytes({ api, settings }: UploadDeps, media: Media, signal: AbortSignal): Promise<string> {
  const { data } = media;
  if (data.byteLength > MAX_BYTES || data.byteLength === 0) {
    throw failed(
      "too_large",
      `Cannot send the file: it has ${data.byteLength} bytes, and Slack takes 1 to ${MAX_BYTES}`,
    );
  }
  try {
    const args = { filename: nameOf(media), length: data.byteLength };
    const { upload_url: url, file_id: id } = await api.call("files.getUploadURLExternal", args, checkUrl, { signal });
    if (!settings.mayReach(url)) throw failed("forbidden", "Slack named an address for the upload that is not its own");
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(UPLOAD_MS)]);
    const type = { type: "application/octet-stream" };
    const response = await api.fetch(url, { method: "POST", body: new Blob([data], type) }, deadline);
    await response.body?.cancel();
    if (response.ok) return id;
    const code = response.status === 413 ? "too_large" : "platform";
    throw new ProviderError({
      code,
      message: `Slack did not take the file (${response.status})`,
      retryable: response.status >= 500,
      outcome: "not_sent",
      platformCode: String(response.status),
    });
  } catch (error) {
    throw new ProviderError({ ...toProviderError(error).error, outcome: "not_sent" });
  }
}

async function share({ api }: UploadDeps, { media, caption, address }: UploadJob, id: string, signal: AbortSignal) {
  const { channel, threadTs } = address;
  const args = {
    files: [{ id, title: nameOf(media) }],
    channel_id: channel,
    ...(caption === "" ? {} : { initial_comment: caption }),
    ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
  };
  await api.call("files.completeUploadExternal", args, checkDone, { signal });
}

/** The message of the file in this conversation, if there is one. */
async function sharedTs({ api }: UploadDeps, file: string, channel: string, signal: AbortSignal) {
  const { file: info } = await api.call("files.info", { file }, checkInfo, { signal });
  const { public: open, private: closed } = info.shares ?? {};
  return [...open?.[channel] ?? [], ...closed?.[channel] ?? []].map(({ ts }) => ts).at(-1);
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
  "image/gif": "gif",
  "audio/ogg": "ogg",
  "audio/mpeg": "mp3",
  "audio/mp4": "m4a",
  "video/mp4": "mp4",
  "application/pdf": "pdf",
  "text/plain": "txt",
};

/** Slack tells the kind of a file by its name. */
function nameOf({ fileName, mimeType, kind }: Media): string {
  const given = (fileName ?? "").replaceAll(/[\p{Cc}"\\/]/gu, "_").trim().slice(0, 200);
  const type = (mimeType.split(";")[0] ?? "").trim().toLowerCase();
  return given === "" ? `${kind}.${EXTENSIONS[type] ?? "bin"}` : given;
}
