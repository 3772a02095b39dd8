/** Records a stream for a while. The tracks end with the recording, however it ends. */
import { type NodeFailure, stoppedHere, unavailable } from "../host/failure.ts";

export type ClipFormat = "mp4" | "webm";

/** Bytes of a recording; as base64 in JSON it stays below the frame limit of 20 MiB of text. */
const MAX_BYTES = 14 << 20;
const BEST_BITS = 2_500_000;
const AUDIO_BITS = 96_000;
const SLICE_MS = 500;

/** In order of preference: what most players can show first. */
const TYPES: Readonly<Record<ClipFormat, readonly string[]>> = {
  mp4: ["video/mp4;codecs=avc1.42E01F,mp4a.40.2", "video/mp4;codecs=avc1.42E01F", "video/mp4"],
  webm: ["video/webm;codecs=vp8,opus", "video/webm"],
};

/** The wished format if this browser writes it, else the other one; the answer says which it is. */
export function pickType(
  wish: ClipFormat,
  supported: (type: string) => boolean,
): { readonly format: ClipFormat; readonly mimeType: string } | undefined {
  for (const format of wish === "mp4" ? ["mp4", "webm"] as const : ["webm", "mp4"] as const) {
    const mimeType = TYPES[format].find(supported);
    if (mimeType !== undefined) return { format, mimeType };
  }
  return undefined;
}

/** Bits a second that keep a recording of this length below the limit, with a third of it in reserve. */
export const videoBits = (durationMs: number): number =>
  Math.round(Math.min(BEST_BITS, MAX_BYTES * 8 * 0.66 / (durationMs / 1000)));

export interface Recording {
  readonly blob: Blob;
  readonly format: ClipFormat;
  readonly durationMs: number;
}

/** Rejects with the signal's reason, or when the person ended the stream in the browser's own controls. */
export function record(
  stream: MediaStream,
  wish: { readonly durationMs: number; readonly format: ClipFormat },
  signal: AbortSignal,
): Promise<Recording> {
  const type = pickType(wish.format, (name) => MediaRecorder.isTypeSupported(name));
  if (!type) {
    endTracks(stream);
    return Promise.reject(unavailable("this browser writes neither MP4 nor WebM"));
  }
  return run(stream, type, wish.durationMs, signal);
}

function run(
  stream: MediaStream,
  { format, mimeType }: NonNullable<ReturnType<typeof pickType>>,
  durationMs: number,
  signal: AbortSignal,
): Promise<Recording> {
  return new Promise((resolve, reject) => {
    const parts: Blob[] = [];
    const recorder = new MediaRecorder(stream, {
      mimeType,
      videoBitsPerSecond: videoBits(durationMs),
      audioBitsPerSecond: AUDIO_BITS,
    });
    let failure: unknown;
    let began = performance.now();
    let lasted = 0;
    const stop = (why?: unknown) => {
      failure ??= why;
      // The recorder ends in a later turn; the camera must be off before anybody is told that it is.
      if (failure !== undefined) endTracks(stream);
      lasted = Math.round(performance.now() - began);
      if (recorder.state !== "inactive") recorder.stop();
      else end();
    };
    const timer = setTimeout(() => stop(), durationMs);
    const abort = () => stop(signal.reason);
    const ended = () => stop(stoppedHere());
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      for (const track of stream.getTracks()) track.removeEventListener("ended", ended);
      endTracks(stream);
      if (failure !== undefined) reject(failure);
      else resolve({ blob: new Blob(parts, { type: mimeType }), format, durationMs: lasted });
    };
    recorder.ondataavailable = ({ data }) => {
      parts.push(data);
      const bytes = parts.reduce((sum, part) => sum + part.size, 0);
      if (bytes > MAX_BYTES) stop(tooLarge(bytes));
    };
    recorder.onerror = () => stop(unavailable("the browser's recorder failed"));
    recorder.onstop = end;
    recorder.onstart = () => began = performance.now();
    for (const track of stream.getTracks()) track.addEventListener("ended", ended);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) return abort();
    recorder.start(SLICE_MS);
  });
}

const tooLarge = (bytes: number): NodeFailure =>
  unavailable(`the recording has ${bytes} bytes already and cannot be sent; ask for a shorter one`);

export function endTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
