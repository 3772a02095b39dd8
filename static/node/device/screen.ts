/** screen.record: the browser asks which screen, and only after a press of a button, so the person is asked each time. */
import { invalid, NodeFailure } from "../host/failure.ts";
import type { Params } from "../host/params.ts";
import { toBase64 } from "./picture.ts";
import { type ClipFormat, endTracks, record } from "./recorder.ts";
import type { Show } from "./camera.ts";

export interface ScreenWish {
  readonly durationMs: number;
  readonly fps: number;
  readonly format: ClipFormat;
  readonly includeAudio: boolean;
}

/** What sending takes after the recording, and the least time a person needs to answer. */
const RESERVE_MS = 2_000;
const LEAST_MS = 3_000;

export function readScreen(params: Params): ScreenWish {
  const index = params.int("screenIndex", { min: 0, max: 64 }) ?? 0;
  if (index !== 0) throw invalid("screenIndex must be 0: in a browser the person chooses the screen");
  return {
    durationMs: params.int("durationMs", { min: 250, max: 60_000 }) ?? 10_000,
    fps: params.number("fps", { min: 1, max: 60 }) ?? 10,
    format: params.choice("format", ["mp4", "webm"]) ?? "mp4",
    includeAudio: params.flag("includeAudio") ?? false,
  };
}

/** How long the person may think. Throws when the call ends before anybody could answer. */
export function thinkingTime(wish: ScreenWish, remainingMs: number): number {
  const time = remainingMs - wish.durationMs - RESERVE_MS;
  if (time >= LEAST_MS) return time;
  const needed = Math.ceil((wish.durationMs + RESERVE_MS + LEAST_MS) / 1000);
  throw invalid(
    `a person must agree to each recording, so timeoutMs must be ${needed} s at least for ${wish.durationMs} ms`,
  );
}

/** Called by the press of the button itself: later the browser would refuse. */
export function openScreen({ fps, includeAudio }: ScreenWish): Promise<MediaStream> {
  return navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: fps } }, audio: includeAudio })
    .catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") {
        throw new NodeFailure("SCREEN_PERMISSION_REQUIRED", "the person or the browser did not allow the recording");
      }
      throw error;
    });
}

export async function recordScreen(
  stream: MediaStream,
  wish: ScreenWish,
  show: Show,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    show(undefined, wish.durationMs);
    const hasAudio = stream.getAudioTracks().length > 0;
    const { blob, format, durationMs } = await record(stream, wish, signal);
    return { format, base64: await toBase64(blob), durationMs, fps: wish.fps, screenIndex: 0, hasAudio };
  } finally {
    endTracks(stream);
  }
}
