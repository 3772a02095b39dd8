/**
 * The commands of our own nodes, with what goes in and out (canvas facts, section 6): any browser at /node, and
 * `openclaw node run`. Other nodes may have more commands and more keys.
 */
import { ExecApprovalsSetParams, ExecApprovalsSnapshot } from "./method/approvals.ts";
import { Int0, NonEmpty, noted, Nullable, OneOf, Open, type Static, type TSchema, Type } from "./primitives.ts";

export interface NodeCommandDef {
  readonly params: TSchema;
  readonly result: TSchema;
  readonly description: string;
}

const Opt = Type.Optional;
/** Optional, and null counts as absent. */
const Lenient = <T extends TSchema>(schema: T, note?: string) =>
  Opt(note === undefined ? Nullable(schema) : noted(Nullable(schema), note));
const defaulting = <T extends TSchema>(schema: T, value: string | number) => Lenient(schema, `Default: ${value}`);
const Share = Type.Number({ minimum: 0, maximum: 1 });
const Pixels = Type.Integer({ minimum: 16, maximum: 8_192 });
const Nothing = Open({});

const Picture = { base64: NonEmpty, width: Int0, height: Int0 };
const Film = { format: noted(OneOf(["mp4", "webm"]), "What the browser could write"), base64: NonEmpty };
const Shown = Open({ ok: Type.Literal(true), surfaces: Type.Array(Type.String()) });
const Camera = {
  facing: Lenient(OneOf(["front", "back"])),
  deviceId: Lenient(Type.String(), "One of camera.list, instead of facing"),
};

const CANVAS = {
  "canvas.present": {
    params: Open({ url: Lenient(Type.String(), "http(s), or a path below the canvas root; empty: its first page") }),
    result: Nothing,
    description: "Shows the canvas",
  },
  "canvas.hide": { params: Nothing, result: Nothing, description: "Puts the canvas away" },
  "canvas.navigate": { params: Open({ url: NonEmpty }), result: Nothing, description: "Goes to another page" },
  "canvas.eval": {
    params: Open({ javaScript: NonEmpty }),
    result: Open({ result: noted(Type.String(), "The value; what is no string, as JSON") }),
    description: "Runs a script in the page",
  },
  "canvas.snapshot": {
    params: Open({
      format: defaulting(OneOf(["png", "jpeg", "jpg"]), "png"),
      maxWidth: Lenient(Pixels),
      quality: defaulting(Share, 0.9),
    }),
    result: Open({ format: OneOf(["png", "jpeg"]), ...Picture }),
    description: "A picture of what the page shows, drawn by the page itself",
  },
  "canvas.a2ui.push": {
    params: Open({ messages: Type.Array(Type.Record(Type.String(), Type.Unknown()), { minItems: 1, maxItems: 500 }) }),
    result: Shown,
    description: "Shows A2UI surfaces; the gateway checks and keeps the messages before the node gets them",
  },
  "canvas.a2ui.pushJSONL": {
    params: Open({ jsonl: noted(NonEmpty, "One message a line") }),
    result: Shown,
    description: "The same with text",
  },
  "canvas.a2ui.reset": { params: Nothing, result: Shown, description: "Removes all surfaces" },
} satisfies Record<string, NodeCommandDef>;

const DEVICE = {
  "camera.list": {
    params: Nothing,
    result: Open({
      devices: Type.Array(Open({ id: NonEmpty, name: NonEmpty, position: Type.String(), deviceType: Type.String() })),
    }),
    description: "The cameras",
  },
  "camera.snap": {
    params: Open({
      ...Camera,
      maxWidth: defaulting(Pixels, 1600),
      quality: defaulting(Share, 0.9),
      format: defaulting(OneOf(["jpg", "jpeg"]), "jpg"),
      delayMs: defaulting(Type.Integer({ minimum: 0, maximum: 20_000 }), 0),
    }),
    result: Open({ format: Type.Literal("jpg"), ...Picture }),
    description: "Takes a photograph, below 5 MB",
  },
  "camera.clip": {
    params: Open({
      ...Camera,
      durationMs: defaulting(Type.Integer({ minimum: 100, maximum: 60_000 }), 3000),
      format: defaulting(OneOf(["mp4", "webm"]), "mp4"),
      includeAudio: Lenient(Type.Boolean(), "Absent: with sound where the person allows it"),
    }),
    result: Open({ ...Film, durationMs: Int0, hasAudio: Type.Boolean() }),
    description: "Films",
  },
  "screen.record": {
    params: Open({
      screenIndex: defaulting(Int0, 0),
      durationMs: defaulting(Type.Integer({ minimum: 250, maximum: 60_000 }), 10_000),
      fps: defaulting(Type.Number({ minimum: 1, maximum: 60 }), 10),
      format: defaulting(OneOf(["mp4", "webm"]), "mp4"),
      includeAudio: defaulting(Type.Boolean(), "false"),
    }),
    result: Open({ ...Film, durationMs: Int0, fps: Type.Number(), screenIndex: Int0, hasAudio: Type.Boolean() }),
    description: "Records the screen; in a browser the person agrees to each recording",
  },
  "location.get": {
    params: Open({
      timeoutMs: defaulting(Type.Integer({ minimum: 0, maximum: 120_000 }), 10_000),
      maxAgeMs: defaulting(Int0, 0),
      desiredAccuracy: defaulting(OneOf(["coarse", "balanced", "precise"]), "balanced"),
    }),
    result: Open({
      lat: Type.Number(),
      lon: Type.Number(),
      accuracyMeters: Type.Number(),
      altitudeMeters: Opt(Type.Number()),
      speedMps: Opt(Type.Number()),
      headingDeg: Opt(Type.Number()),
      timestamp: noted(NonEmpty, "ISO 8601"),
      isPrecise: Type.Boolean(),
      source: Opt(Type.String()),
    }),
    description: "Where the device is",
  },
  "device.info": {
    params: Nothing,
    result: Open({ deviceName: Type.String(), deviceFamily: Type.String(), platform: NonEmpty }),
    description: "What the device is",
  },
  "device.status": {
    params: Nothing,
    result: Open({
      battery: Opt(Open({ level: Share, charging: Type.Boolean() })),
      network: Open({ online: Type.Boolean() }),
      timestamp: noted(NonEmpty, "ISO 8601"),
    }),
    description: "How the device is",
  },
} satisfies Record<string, NodeCommandDef>;

const HOST = {
  "system.notify": {
    params: Open({
      title: Lenient(Type.String()),
      body: Lenient(Type.String(), "Title or body is needed"),
      sound: Lenient(Type.String(), "Empty or `none`: silent"),
      priority: defaulting(OneOf(["passive", "active", "timeSensitive"]), "active"),
      delivery: defaulting(OneOf(["system", "overlay", "auto"]), "auto"),
    }),
    result: Nothing,
    description: "Shows a notification",
  },
  "system.which": {
    params: Open({ bins: Type.Array(Type.String({ maxLength: 256 }), { maxItems: 256 }) }),
    result: Open({ bins: noted(Type.Record(Type.String(), NonEmpty), "Name to path, of those that are there") }),
    description: "Where programs are",
  },
  "system.run": {
    params: Open({
      command: noted(
        Type.Array(Type.String({ maxLength: 128 * 1024 }), { minItems: 1, maxItems: 256 }),
        "Words; no shell reads them",
      ),
      cwd: Lenient(Type.String({ maxLength: 4096 }), "Absolute; default: the home folder"),
      env: Lenient(Type.Record(Type.String(), Type.String())),
      timeoutMs: Lenient(Int0, "0 or absent: 60000; at most 600000"),
      needsScreenRecording: Lenient(Type.Boolean()),
      agentId: Lenient(NonEmpty, "Whose rules hold"),
      sessionKey: Lenient(NonEmpty, "Who hears of it by exec.started, exec.finished, exec.denied"),
      approved: Lenient(Type.Boolean(), "Reaches the node only for an approval that was given for this very command"),
      approvalDecision: Lenient(OneOf(["allow-once", "allow-always"])),
      runId: Lenient(NonEmpty, "Id of the approval"),
    }),
    result: Open({
      exitCode: noted(Nullable(Type.Integer()), "null: a signal ended it"),
      timedOut: Type.Boolean(),
      success: Type.Boolean(),
      stdout: noted(Type.String(), "200 KiB at most, as stderr"),
      stderr: Type.String(),
      error: Nullable(Type.String()),
      truncated: Opt(Type.Literal(true)),
    }),
    description: "Runs a program",
  },
  "system.execApprovals.get": {
    params: Nothing,
    result: ExecApprovalsSnapshot,
    description: "The node's rules; only by exec.approvals.node.get",
  },
  "system.execApprovals.set": {
    params: ExecApprovalsSetParams,
    result: ExecApprovalsSnapshot,
    description: "Replaces the node's rules; only by exec.approvals.node.set",
  },
  "file.list": {
    params: Open({ path: Opt(noted(Type.String(), "Absent: the folders that the node shows")) }),
    result: Open({
      path: Type.String(),
      entries: Type.Array(Open({ name: NonEmpty, type: OneOf(["file", "directory", "link", "other"]) })),
      truncated: Opt(Type.Literal(true)),
    }),
    description: "A folder's entries, inside the folders that the node's owner named",
  },
  "file.read": {
    params: Open({
      path: NonEmpty,
      maxBytes: Opt(noted(Type.Integer({ minimum: 1, maximum: 4 << 20 }), "Default: 1048576")),
      encoding: Opt(noted(OneOf(["utf8", "base64"]), "Default: utf8")),
    }),
    result: Open({
      path: NonEmpty,
      size: Int0,
      bytes: Int0,
      truncated: Type.Boolean(),
      modifiedAtMs: Opt(Type.Number()),
      text: Opt(Type.String()),
      base64: Opt(Type.String()),
    }),
    description: "A file's beginning, as text or base64",
  },
} satisfies Record<string, NodeCommandDef>;

export const NODE_COMMANDS = { ...CANVAS, ...DEVICE, ...HOST };
export type NodeCommandName = keyof typeof NODE_COMMANDS;
export type NodeCommandParams<N extends NodeCommandName> = Static<typeof NODE_COMMANDS[N]["params"]>;
