/** What a node says of itself: cut to a length that lists can show, and without what it left out. */
import type { PairedDevice } from "../auth/types.ts";
import type { Client } from "../connection/client.ts";

export interface NodeAbout {
  readonly displayName?: string;
  readonly platform?: string;
  readonly version?: string;
  readonly coreVersion?: string;
  readonly uiVersion?: string;
  readonly deviceFamily?: string;
  readonly modelIdentifier?: string;
  readonly clientId?: string;
  readonly clientMode?: string;
  readonly remoteIp?: string;
}

const KEYS = [
  "displayName",
  "platform",
  "version",
  "coreVersion",
  "uiVersion",
  "deviceFamily",
  "modelIdentifier",
  "clientId",
  "clientMode",
  "remoteIp",
] as const;
const MAX_CHARS = 128;
/**
 * Lines, control characters and what steers the direction of text: names stand in tables, on cards, in the log and in what
 * the model reads, where they could pass for something else. What joins emoji stays.
 */
const STEERS = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]+/gu;

/** The known keys with their values cleaned and cut; later sources win. */
export function aboutOf(...sources: readonly Partial<Record<(typeof KEYS)[number], string | undefined>>[]): NodeAbout {
  const out: Partial<Record<(typeof KEYS)[number], string>> = {};
  for (const source of sources) {
    for (const key of KEYS) {
      const value = source[key]?.replaceAll(STEERS, " ").trim().slice(0, MAX_CHARS).toWellFormed();
      if (value) out[key] = value;
    }
  }
  return out;
}

/** Of a live connection. */
export function aboutClient({ info, remoteIp }: Client): NodeAbout {
  const { displayName, platform, version, deviceFamily, modelIdentifier, id, mode } = info;
  return aboutOf({
    displayName,
    platform,
    version,
    deviceFamily,
    modelIdentifier,
    clientId: id,
    clientMode: mode,
    remoteIp,
  });
}

/** Of a paired device that may be away. */
export const aboutDevice = (device: PairedDevice): NodeAbout => {
  const { displayName, platform, deviceFamily, clientId, clientMode, remoteIp } = device;
  return aboutOf({ displayName, platform, deviceFamily, clientId, clientMode, remoteIp });
};

/** Longest name of a command, capability or permission; `node.invoke` takes no longer ones. */
export const MAX_NAME_CHARS = 128;

/** Sorted, without repeats, and without names that no call could use or that deceive who reads them. */
export const usableNames = (names: readonly string[]): string[] =>
  sortedNames(names.filter((name) => name.trim() !== "" && name.length <= MAX_NAME_CHARS && isPlain(name)));

const isPlain = (name: string): boolean => name.isWellFormed() && name.replaceAll(STEERS, "") === name;

/** Sorted, without repeats. */
export const sortedNames = (names: readonly string[]): string[] => [...new Set(names)].sort();
