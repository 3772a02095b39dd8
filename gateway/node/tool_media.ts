/** The tools that see and hear: camera_snap, camera_clip, screen_record. */
import { Closed, NonEmpty, OneOf, Open, type Static, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import { defineTool } from "../agent/tool_define.ts";
import type { Tool, ToolMedia, ToolOutput } from "../agent/types.ts";
import { callNode, chooseNode, labelOf } from "./tool_call.ts";
import { fileOf, sizeOf } from "./tool_payload.ts";
import type { NodeToolDeps } from "./tool_deps.ts";

const Opt = Type.Optional;
export const Node = Opt(Type.String({ maxLength: 200, description: "Name or id; needed only when several can do it" }));

/** Wide enough to read a page, small enough to be cheap for a model. */
const SNAP_WIDTH = 1_280;
const SNAP_MS = 30_000;
/** Beyond the recording itself: starting the camera, encoding, sending. */
const CLIP_EXTRA_MS = 40_000;
const MAX_CLIP_MS = 60_000;

/** What nodes answer (canvas facts, section 6); a claim of a device, checked as such. */
const Recording = Open({
  format: Type.String({ maxLength: 64 }),
  base64: NonEmpty,
  width: Opt(Type.Number()),
  height: Opt(Type.Number()),
  durationMs: Opt(Type.Number()),
  hasAudio: Opt(Type.Boolean()),
});
const checkRecording = checker(Recording);

export const snapTool = ({ nodes, clock }: NodeToolDeps): Tool =>
  defineTool({
    name: "camera_snap",
    // It changes nothing: a run that a restart cut off after it may begin anew, and takes another one.
    readOnly: true,
    deadlineMs: SNAP_MS + 5_000,
    description:
      "Takes a photo with the camera of a node (phone, browser). You see the photo, and the person gets it with your answer.",
    args: Closed({
      node: Node,
      facing: Opt(OneOf(["front", "back"])),
      deviceId: Opt(NonEmpty),
      maxWidth: Opt(Type.Integer({ minimum: 64, maximum: 4_096, description: "Default 1280" })),
    }),
    async run({ node, maxWidth = SNAP_WIDTH, ...rest }, context) {
      const command = "camera.snap";
      const target = chooseNode(nodes, command, node);
      const params = { ...rest, maxWidth, quality: 0.85, format: "jpg" };
      const { payload } = await callNode(nodes, { node: target, command, params, timeoutMs: SNAP_MS }, context);
      const photo = readRecording(payload, command);
      const { media, image } = fileOf(photo.base64, photo.format, `photo-${stamp(clock.now())}`);
      if (!image) {
        throw new Error(`Cannot use the photo of "${labelOf(target)}": it is no PNG, JPEG, GIF or WebP picture`);
      }
      const size = photo.width !== undefined ? `${photo.width} x ${photo.height ?? "?"}, ` : "";
      return { text: `Photo from ${labelOf(target)}: ${size}${sizeOf(media.data)}.`, images: [image], media: [media] };
    },
  });

export const clipTool = (deps: NodeToolDeps): Tool =>
  defineTool({
    name: "camera_clip",
    deadlineMs: MAX_CLIP_MS + CLIP_EXTRA_MS + 5_000,
    description: "Records a short video with the camera of a node; the person gets it. You do not see it.",
    args: Closed({
      node: Node,
      facing: Opt(OneOf(["front", "back"])),
      deviceId: Opt(NonEmpty),
      durationMs: Opt(Type.Integer({ minimum: 500, maximum: MAX_CLIP_MS, description: "Default 5000" })),
      includeAudio: Opt(Type.Boolean({ description: "Default true" })),
    }),
    run: ({ node, durationMs = 5_000, ...rest }, context) =>
      record(
        deps,
        { command: "camera.clip", node, name: "clip", params: { ...rest, durationMs }, durationMs },
        context,
      ),
  });

export const screenTool = (deps: NodeToolDeps): Tool =>
  defineTool({
    name: "screen_record",
    deadlineMs: MAX_CLIP_MS + CLIP_EXTRA_MS + 5_000,
    description: "Records the screen of a node as a video; the person gets it. You do not see it.",
    args: Closed({
      node: Node,
      screenIndex: Opt(Type.Integer({ minimum: 0, maximum: 16 })),
      durationMs: Opt(Type.Integer({ minimum: 500, maximum: MAX_CLIP_MS, description: "Default 10000" })),
      includeAudio: Opt(Type.Boolean()),
    }),
    run: ({ node, durationMs = 10_000, ...rest }, context) =>
      record(
        deps,
        { command: "screen.record", node, name: "screen", params: { ...rest, durationMs }, durationMs },
        context,
      ),
  });

interface RecordCall {
  readonly command: string;
  readonly node: string | undefined;
  readonly name: string;
  readonly params: Record<string, unknown>;
  readonly durationMs: number;
}

async function record(
  { nodes, clock }: NodeToolDeps,
  { command, node, name, params, durationMs }: RecordCall,
  context: Parameters<typeof callNode>[2],
): Promise<ToolOutput> {
  const target = chooseNode(nodes, command, node);
  const timeoutMs = durationMs + CLIP_EXTRA_MS;
  const { payload } = await callNode(nodes, { node: target, command, params, timeoutMs }, context);
  const clip = readRecording(payload, command);
  const { media } = fileOf(clip.base64, clip.format, `${name}-${stamp(clock.now())}`);
  if (!isVideo(media)) throw new Error(`Cannot use the answer to ${command} of "${labelOf(target)}": it is no video`);
  const seconds = ((clip.durationMs ?? durationMs) / 1_000).toFixed(1);
  const sound = clip.hasAudio === undefined ? "" : clip.hasAudio ? ", with sound" : ", without sound";
  return { text: `Video from ${labelOf(target)}: ${seconds} s, ${sizeOf(media.data)}${sound}.`, media: [media] };
}

/** By its name and by its first bytes: MP4 and QuickTime, or WebM. A node could send a page under this name. */
function isVideo({ kind, data }: ToolMedia): boolean {
  const head = new TextDecoder("latin1").decode(data.subarray(0, 12));
  return kind === "video" && (/^.{4}(?:ftyp|moov|mdat|wide)/su.test(head) || head.startsWith("\x1aE\xdf\xa3"));
}

function readRecording(payload: unknown, command: string): Static<typeof Recording> {
  const checked = checkRecording(payload);
  if (!checked.ok) throw new Error(`Cannot use the answer to ${command}: ${checked.error}`);
  return checked.value;
}

/** `20261122-154301`, for file names. */
export const stamp = (now: number): string =>
  new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/gu, "").replace("T", "-");
