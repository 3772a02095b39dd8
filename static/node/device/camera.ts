/** camera.list, camera.snap and camera.clip with the browser's own camera. */
import { invalid, NodeFailure, unavailable } from "../host/failure.ts";
import type { Params } from "../host/params.ts";
import { abortable, pause } from "../host/queue.ts";
import { encodeJpeg, toBase64 } from "./picture.ts";
import { type ClipFormat, endTracks, record } from "./recorder.ts";

export type Facing = "front" | "back";

interface Wish {
  readonly facing: Facing | undefined;
  readonly deviceId: string | undefined;
}

export interface SnapWish extends Wish {
  readonly maxWidth: number;
  readonly quality: number;
  readonly delayMs: number;
}

export interface ClipWish extends Wish {
  readonly durationMs: number;
  readonly format: ClipFormat;
  /** undefined: with sound if the person allows it. */
  readonly includeAudio: boolean | undefined;
}

const MAX_CLIP_MS = 60_000;
const MAX_DELAY_MS = 20_000;
/** A camera's first pictures are dark: it needs a moment to find the light. */
const WARM_UP_MS = 350;

const readWish = (params: Params): Wish => ({
  facing: params.choice("facing", ["front", "back"]),
  deviceId: params.text("deviceId", 512) || undefined,
});

export function readSnap(params: Params): SnapWish {
  params.choice("format", ["jpg", "jpeg"]);
  return {
    ...readWish(params),
    maxWidth: params.int("maxWidth", { min: 16, max: 8192 }) ?? 1600,
    quality: params.number("quality", { min: 0, max: 1 }) ?? 0.9,
    delayMs: params.int("delayMs", { min: 0, max: MAX_DELAY_MS }) ?? 0,
  };
}

export const readClip = (params: Params): ClipWish => ({
  ...readWish(params),
  durationMs: params.int("durationMs", { min: 100, max: MAX_CLIP_MS }) ?? 3000,
  format: params.choice("format", ["mp4", "webm"]) ?? "mp4",
  includeAudio: params.flag("includeAudio"),
});

/** `show` gives the live stream to whoever draws the indicator; undefined when it is over. */
export type Show = (stream: MediaStream | undefined, lastsMs?: number) => void;

export async function listCameras(): Promise<unknown> {
  const all = await navigator.mediaDevices.enumerateDevices();
  const cameras = all.filter((one) => one.kind === "videoinput" && one.deviceId !== "");
  return {
    devices: cameras.map(({ deviceId, label }, index) => ({
      id: deviceId,
      name: label || `Camera ${index + 1}`,
      position: positionOf(label),
      deviceType: "camera",
    })),
  };
}

/** Browsers tell the side only in the name. */
export function positionOf(label: string): "front" | "back" | "unspecified" {
  if (/\b(back|rear|environment)\b/i.test(label)) return "back";
  return /\b(front|user|facetime|selfie)\b/i.test(label) ? "front" : "unspecified";
}

export async function snap(wish: SnapWish, show: Show, signal: AbortSignal): Promise<unknown> {
  const stream = await openCamera(wish, { width: Math.max(640, wish.maxWidth), audio: false }, signal);
  const video = document.createElement("video");
  try {
    show(stream);
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    await abortable(video.play(), signal);
    await pause(Math.max(WARM_UP_MS, wish.delayMs), signal);
    const natural = { width: video.videoWidth, height: video.videoHeight };
    if (natural.width === 0) throw unavailable("the camera gave no picture");
    return { format: "jpg", ...await encodeJpeg(video, natural, wish) };
  } finally {
    video.srcObject = null;
    endTracks(stream);
    show(undefined);
  }
}

/** `audio`: whether the person allows the microphone. */
export async function clip(wish: ClipWish, audio: boolean, show: Show, signal: AbortSignal): Promise<unknown> {
  const stream = await openCamera(wish, { width: 1280, audio: audio && wish.includeAudio !== false }, signal);
  try {
    show(stream, wish.durationMs);
    const hasAudio = stream.getAudioTracks().length > 0;
    const { blob, format, durationMs } = await record(stream, wish, signal);
    return { format, base64: await toBase64(blob), durationMs, hasAudio };
  } finally {
    endTracks(stream);
    show(undefined);
  }
}

async function openCamera(
  { facing, deviceId }: Wish,
  { width, audio }: { readonly width: number; readonly audio: boolean },
  signal: AbortSignal,
): Promise<MediaStream> {
  const video: MediaTrackConstraints = { width: { ideal: width } };
  if (deviceId !== undefined) video.deviceId = { exact: deviceId };
  else if (facing !== undefined) video.facingMode = { ideal: facing === "front" ? "user" : "environment" };
  try {
    return await abortable(navigator.mediaDevices.getUserMedia({ video, audio }), signal, endTracks);
  } catch (error) {
    throw signal.aborted ? signal.reason : cameraFailure(error, deviceId);
  }
}

function cameraFailure(error: unknown, deviceId: string | undefined): unknown {
  if (!(error instanceof DOMException)) return error;
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return new NodeFailure("CAMERA_PERMISSION_REQUIRED", "the browser or the system does not allow the camera");
    case "OverconstrainedError":
      return invalid(`deviceId "${deviceId ?? ""}" is no camera of this device; camera.list names them`);
    case "NotFoundError":
      return deviceId === undefined
        ? unavailable("this device has no camera")
        : invalid(`deviceId "${deviceId}" is no camera of this device; camera.list names them`);
    case "NotReadableError":
      return unavailable("the camera is in use by another program");
    default:
      return error;
  }
}
