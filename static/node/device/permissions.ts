/** What the browser allows each ability, and asking for it: only ever by the press of a switch. */
import { ABILITIES, type Ability, type Permission } from "../state/model.ts";
import { position } from "./location.ts";
import { endTracks } from "./recorder.ts";

/** Names of the browser's permissions. Canvas and screen have none that could be kept. */
const NAMES: Partial<Record<Ability, string>> = {
  camera: "camera",
  microphone: "microphone",
  location: "geolocation",
  notify: "notifications",
};

const hasMedia = (): boolean => typeof navigator.mediaDevices?.getUserMedia === "function";

/** Whether this browser can do it at all. */
export function isThere(ability: Ability): boolean {
  switch (ability) {
    case "canvas":
      return true;
    case "camera":
    case "microphone":
      return hasMedia() && typeof MediaRecorder === "function";
    case "screen":
      return typeof navigator.mediaDevices?.getDisplayMedia === "function" && typeof MediaRecorder === "function";
    case "location":
      return "geolocation" in navigator;
    case "notify":
      return "Notification" in globalThis;
  }
}

const record = (read: (ability: Ability) => Permission): Record<Ability, Permission> => ({
  canvas: read("canvas"),
  camera: read("camera"),
  microphone: read("microphone"),
  screen: read("screen"),
  location: read("location"),
  notify: read("notify"),
});

/** Before the browser was asked. */
export const unknownPermissions = (): Record<Ability, Permission> =>
  record((ability) => isThere(ability) ? "unknown" : "missing");

export class Permissions {
  /** Granted in this visit, where the browser itself does not remember or does not tell. */
  readonly #granted = new Set<Ability>();
  readonly #status = new Map<Ability, PermissionStatus>();

  /** `changed` is called with each change, also those that a person makes in the browser's settings. */
  constructor(private readonly changed: () => void) {}

  async begin(): Promise<void> {
    await Promise.all(ABILITIES.map(async (ability) => {
      const status = await query(ability);
      if (!status) return;
      this.#status.set(ability, status);
      status.onchange = () => {
        if (status.state === "denied") this.#granted.delete(ability);
        this.changed();
      };
    }));
    this.changed();
  }

  get(ability: Ability): Permission {
    if (!isThere(ability)) return "missing";
    if (NAMES[ability] === undefined) return "granted";
    const state = ability === "notify" ? notifyState() : this.#status.get(ability)?.state;
    if (state === "denied") return "denied";
    if (state === "granted" || this.#granted.has(ability)) return "granted";
    return state ?? "unknown";
  }

  all(): Record<Ability, Permission> {
    return record((ability) => this.get(ability));
  }

  /** Shows the browser's prompt. Must be called by a press. */
  async ask(ability: Ability): Promise<Permission> {
    if (this.get(ability) !== "granted" && await prompt(ability)) this.#granted.add(ability);
    this.changed();
    return this.get(ability);
  }
}

/** Some browsers have the permission and do not let one ask for its state. */
async function query(ability: Ability): Promise<PermissionStatus | undefined> {
  const name = NAMES[ability];
  if (name === undefined || !navigator.permissions?.query) return undefined;
  const request: unknown = Reflect.apply(navigator.permissions.query, navigator.permissions, [{ name }]);
  if (!(request instanceof Promise)) return undefined;
  const status: unknown = await request.catch(() => undefined);
  return status instanceof PermissionStatus ? status : undefined;
}

const notifyState = (): PermissionState => Notification.permission === "default" ? "prompt" : Notification.permission;

/** Whether the person agreed. */
async function prompt(ability: Ability): Promise<boolean> {
  try {
    if (ability === "camera" || ability === "microphone") {
      endTracks(await navigator.mediaDevices.getUserMedia(ability === "camera" ? { video: true } : { audio: true }));
    } else if (ability === "location") {
      await position({ timeout: 20_000, maximumAge: Infinity });
    } else if (ability === "notify") {
      return await Notification.requestPermission() === "granted";
    }
    return true;
  } catch (error) {
    // No fix was found in time: that is no refusal.
    return ability === "location" && error instanceof Error && !error.message.startsWith("LOCATION_PERMISSION");
  }
}
