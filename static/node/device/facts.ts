/** device.info and device.status: what a browser tells of the device it runs on. */
import { browserName } from "../../client/hello.ts";

/** The kind of device, as lists of nodes show it. */
export function deviceFamily(agent: string = navigator.userAgent): string {
  if (/iPhone/.test(agent)) return "iPhone";
  // An iPad calls itself a Mac; only the touch screen gives it away.
  if (/iPad/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1)) return "iPad";
  return /Android/.test(agent) ? "Android" : "Desktop";
}

export function deviceInfo(name: string): unknown {
  return {
    deviceName: name,
    deviceFamily: deviceFamily(),
    platform: "web",
    browser: browserName(),
    userAgent: navigator.userAgent,
    locale: navigator.language,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    screen: { width: screen.width, height: screen.height, scale: devicePixelRatio },
    cores: navigator.hardwareConcurrency,
  };
}

interface Battery {
  readonly level: number;
  readonly charging: boolean;
}

const isBattery = (value: unknown): value is Battery =>
  typeof value === "object" && value !== null && "level" in value && "charging" in value;

/** Safari and Firefox do not tell; then it is left out. */
async function battery(): Promise<unknown> {
  const read: unknown = Reflect.get(navigator, "getBattery");
  if (typeof read !== "function") return undefined;
  const value: unknown = await Promise.resolve(read.call(navigator)).catch(() => undefined);
  return isBattery(value) ? { level: value.level, charging: value.charging } : undefined;
}

export async function deviceStatus(): Promise<unknown> {
  const power = await battery();
  const link: unknown = Reflect.get(navigator, "connection");
  const kind: unknown = typeof link === "object" && link !== null ? Reflect.get(link, "effectiveType") : undefined;
  return {
    ...(power === undefined ? {} : { battery: power }),
    network: { online: navigator.onLine, ...(typeof kind === "string" ? { effectiveType: kind } : {}) },
    visible: document.visibilityState === "visible",
    orientation: screen.orientation?.type ?? "unknown",
    darkMode: matchMedia("(prefers-color-scheme: dark)").matches,
    timestamp: new Date().toISOString(),
  };
}
