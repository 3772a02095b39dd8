/** `openclaw nodes camera | screen | location | notify`: what a node sees and shows. */
import { withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { CliError } from "./exit.ts";
import { invoke, invokeTimeout } from "./nodes_call.ts";
import { endingOf, saveBase64, size } from "./nodes_file.ts";
import { nodeName, pickNode } from "./nodes_pick.ts";
import { Cameras, Media, Place } from "./nodes_payloads.ts";
import type { Options } from "./options.ts";
import { oneLine } from "./output.ts";
import { read } from "./payloads.ts";

/** Beyond the time of the film itself: asking the person, encoding, sending. */
const FILM_EXTRA_MS = 30_000;
/** Longest film (canvas facts, section 6). */
const MAX_FILM_MS = 60_000;

export const cameraListCommand: Command = (context, options, [wanted]) =>
  withGateway(context, options, async (session) => {
    const node = await pickNode(session, wanted ?? options.text("node"));
    const payload = await invoke(session, node, "camera.list", {}, invokeTimeout(options));
    if (options.flag("json")) return context.out.json(payload);
    const { devices } = read("camera.list", Cameras, payload);
    if (devices.length === 0) return context.out.line(`"${nodeName(node)}" has no camera.`);
    context.out.table(
      ["NAME", "POSITION", { title: "CAMERA", whole: true }],
      devices.map(({ id, name, position }) => [name ?? "-", position ?? "-", id]),
    );
  });

export const snapCommand: Command = async (context, options, [wanted]) =>
  await take(context, options, wanted, {
    command: "camera.snap",
    usualMs: undefined,
    params: {
      ...text(options, "facing", ["front", "back"]),
      ...given("deviceId", options.text("device")),
      ...given("maxWidth", options.whole("maxWidth")),
      ...given("quality", quality(options)),
      ...given("delayMs", options.duration("delay")),
    },
  });

export const clipCommand: Command = async (context, options, [wanted]) =>
  await take(context, options, wanted, {
    command: "camera.clip",
    usualMs: 3000,
    params: {
      ...text(options, "facing", ["front", "back"]),
      ...given("deviceId", options.text("device")),
      ...(options.flag("mute") ? { includeAudio: false } : {}),
    },
  });

export const recordCommand: Command = async (context, options, [wanted]) =>
  await take(context, options, wanted, {
    command: "screen.record",
    usualMs: 10_000,
    params: {
      ...given("screenIndex", options.whole("screen", 0)),
      ...given("fps", options.whole("fps")),
      ...(options.flag("mute") ? { includeAudio: false } : {}),
    },
  });

interface Shot {
  readonly command: string;
  /** The length of a film that none was given for; undefined for a picture. */
  readonly usualMs: number | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Takes a picture or film and puts it into a file. */
async function take(context: CliContext, options: Options, wanted: string | undefined, shot: Shot): Promise<void> {
  const { command, usualMs } = shot;
  const durationMs = usualMs === undefined ? undefined : options.duration("duration") ?? usualMs;
  if (durationMs !== undefined && durationMs > MAX_FILM_MS) {
    throw new CliError("usage", `Cannot film that long: ${MAX_FILM_MS / 1000} s at most`);
  }
  await withGateway(context, options, async (session) => {
    const node = await pickNode(session, wanted ?? options.text("node"));
    const timeoutMs = invokeTimeout(options, durationMs === undefined ? undefined : durationMs + FILM_EXTRA_MS);
    const payload = await invoke(
      session,
      node,
      command,
      { ...shot.params, ...given("durationMs", durationMs) },
      timeoutMs,
    );
    const output = options.text("output");
    if (options.flag("json") && output === undefined) return context.out.json(payload);
    const media = read(command, Media, payload);
    const file = { base64: media.base64, name: `${command}.${endingOf(media.format)}` };
    const saved = await saveBase64(context, session.settings.stateDir, output, file);
    if (options.flag("json")) return context.out.json({ ...media, base64: undefined, ...saved });
    const about = [
      media.width === undefined || media.height === undefined ? undefined : `${media.width}x${media.height}`,
      media.durationMs === undefined ? undefined : `${(media.durationMs / 1000).toFixed(1)} s`,
      size(saved.bytes),
    ].filter((part) => part !== undefined).join(", ");
    context.out.line(`Saved: ${saved.path} (${about})`);
  });
}

export const locationCommand: Command = (context, options, [wanted]) =>
  withGateway(context, options, async (session) => {
    const { out } = context;
    const node = await pickNode(session, wanted ?? options.text("node"));
    const timeoutMs = invokeTimeout(options);
    const payload = await invoke(session, node, "location.get", {
      ...text(options, "accuracy", ["coarse", "balanced", "precise"], "desiredAccuracy"),
      ...given("maxAgeMs", options.duration("maxAge")),
      timeoutMs: Math.max(1000, timeoutMs - 5000),
    }, timeoutMs);
    if (options.flag("json")) return out.json(payload);
    const place = read("location.get", Place, payload);
    out.fields([
      ["Position", `${place.lat}, ${place.lon}`],
      ["Accuracy", place.accuracyMeters === undefined ? undefined : `${Math.round(place.accuracyMeters)} m`],
      ["Altitude", typeof place.altitudeMeters === "number" ? `${Math.round(place.altitudeMeters)} m` : undefined],
      ["Time", oneLine(place.timestamp ?? "")],
      ["Source", oneLine(place.source ?? "")],
    ]);
  });

export const notifyCommand: Command = (context, options, words) =>
  withGateway(context, options, async (session) => {
    const body = options.text("body") ?? words.join(" ");
    const title = options.text("title");
    if (body === "" && title === undefined) {
      throw new CliError("usage", "Cannot notify: a text is needed, or --title");
    }
    const node = await pickNode(session, options.text("node"));
    const payload = await invoke(session, node, "system.notify", {
      ...given("title", title),
      ...given("body", body === "" ? undefined : body),
      ...text(options, "priority", ["passive", "active", "timeSensitive"]),
    }, invokeTimeout(options));
    if (options.flag("json")) return context.out.json(payload);
    context.out.line(`Shown on "${nodeName(node)}"`);
  });

const given = (key: string, value: unknown): Record<string, unknown> => value === undefined ? {} : { [key]: value };

/** One of `values`. Throws a CliError for another one. */
function text(options: Options, name: string, values: readonly string[], key = name): Record<string, unknown> {
  const value = options.text(name);
  if (value === undefined || values.includes(value)) return given(key, value);
  throw new CliError("usage", `Cannot use --${name} "${value}": one of ${values.join(", ")} is needed`);
}

function quality(options: Options): number | undefined {
  const written = options.text("quality");
  if (written === undefined) return undefined;
  const value = Number(written);
  if (value > 0 && value <= 1) return value;
  throw new CliError("usage", `Cannot use --quality "${written}": a number above 0 and up to 1 is needed`);
}
