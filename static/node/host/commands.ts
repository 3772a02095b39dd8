/** Every command of this node: its switch, its parameters, its work. */
import type { Desk } from "../canvas/desk.ts";
import { canvasCommands } from "../canvas/commands.ts";
import { clip, type ClipWish, listCameras, readClip, readSnap, type Show, snap } from "../device/camera.ts";
import { deviceInfo, deviceStatus } from "../device/facts.ts";
import { locate, readLocation } from "../device/location.ts";
import { notifySystem, type NotifyWish, readNotify } from "../device/notify.ts";
import { readScreen, recordScreen, type ScreenWish, thinkingTime } from "../device/screen.ts";
import { isThere } from "../device/permissions.ts";
import type { Ability } from "../state/model.ts";
import { invalid, type NodeFailure, unavailable } from "./failure.ts";
import type { Call, Command } from "./host.ts";
import { createQueue } from "./queue.ts";
import type { Handle } from "./jobs.ts";

export interface CommandDeps {
  readonly desk: Desk;
  refusal(ability: Ability): NodeFailure | undefined;
  /** Asks the person; resolves after the press with what the browser gave. */
  askScreen(wish: ScreenWish, thinkMs: number, signal: AbortSignal): Promise<MediaStream>;
  /** Shows a notice in the page itself. */
  overlay(title: string, body: string): void;
  deviceName(): string;
}

/** Calls that wait for the camera beside the one that has it. */
const CAMERA_QUEUE = 4;
/** What a recording takes beside its own length. */
const CLIP_RESERVE_MS = 1_500;

export function createCommands(deps: CommandDeps): Record<string, Command> {
  return {
    ...canvasCommands(deps.desk),
    ...(isThere("camera") ? cameraCommands(deps) : {}),
    ...(isThere("screen") ? { "screen.record": screenRecord(deps) } : {}),
    ...(isThere("location") ? { "location.get": locationGet } : {}),
    ...(isThere("notify") ? { "system.notify": systemNotify(deps) } : {}),
    "device.info": { ability: undefined, prepare: () => () => Promise.resolve(deviceInfo(deps.deviceName())) },
    "device.status": { ability: undefined, prepare: () => deviceStatus },
  };
}

/** Shows the job from the moment the device is really used. */
function shower(call: Call, ability: Ability): Show {
  let handle: Handle | undefined;
  return (stream, lastsMs) => {
    handle ??= call.show(ability);
    handle.update({ stream, ...(lastsMs === undefined ? {} : { endsAt: Date.now() + lastsMs }) });
  };
}

function cameraCommands(deps: CommandDeps): Record<string, Command> {
  const queue = createQueue("the camera", CAMERA_QUEUE);
  return {
    "camera.list": { ability: "camera", prepare: () => listCameras },
    "camera.snap": {
      ability: "camera",
      prepare: (params) => {
        const wish = readSnap(params);
        return (call) => queue.run(call.signal, () => snap(wish, shower(call, "camera"), call.signal));
      },
    },
    "camera.clip": {
      ability: "camera",
      prepare: (params) => {
        const wish = readClip(params);
        return (call) =>
          queue.run(call.signal, () => {
            fits(wish.durationMs, call);
            return clip(wish, mayHear(deps, wish), shower(call, "camera"), call.signal);
          });
      },
    },
  };
}

/** Whoever asks for sound by name must hear that there is none; whoever did not gets a silent clip that says so. */
function mayHear(deps: CommandDeps, { includeAudio }: ClipWish): boolean {
  if (includeAudio === false) return false;
  const refused = deps.refusal("microphone");
  if (refused && includeAudio === true) throw refused;
  return refused === undefined;
}

function fits(durationMs: number, call: Call): void {
  const left = call.remaining();
  if (durationMs + CLIP_RESERVE_MS <= left) return;
  throw invalid(`durationMs ${durationMs} does not fit into the ${Math.round(left)} ms that are left; raise timeoutMs`);
}

function screenRecord(deps: CommandDeps): Command {
  const queue = createQueue("screen recording", 1);
  return {
    ability: "screen",
    prepare: (params) => {
      const wish = readScreen(params);
      return (call) =>
        queue.run(call.signal, async () => {
          const stream = await deps.askScreen(wish, thinkingTime(wish, call.remaining()), call.signal);
          return await recordScreen(stream, wish, shower(call, "screen"), call.signal);
        });
    },
  };
}

const locationGet: Command = {
  ability: "location",
  prepare: (params) => {
    const wish = readLocation(params);
    return (call) => {
      call.show("location");
      return locate(wish);
    };
  },
};

const systemNotify = (deps: CommandDeps): Command => ({
  ability: "notify",
  prepare: (params) => {
    const wish: NotifyWish = readNotify(params);
    return async () => {
      if (wish.delivery === "overlay") deps.overlay(wish.title, wish.body);
      else {
        await notifySystem(wish).catch((error: unknown) => {
          throw unavailable(`the notification could not be shown: ${error instanceof Error ? error.message : error}`);
        });
      }
      return {};
    };
  },
});
