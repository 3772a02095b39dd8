/** How deliveries of one account behave: its configuration over the provider's abilities over our defaults. */
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import type { Channels } from "../supervisor/types.ts";
import type { DeliveryClass } from "./types.ts";

const MINUTE = 60_000;

export interface RetryPolicy {
  /** Calls at most, the first included; waits that the platform asked for do not count. */
  readonly attempts: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Part of the wait that is left to chance, 0 to 1. */
  readonly jitter: number;
}

export interface DeliveryPolicy {
  /** What becomes of a message whose outcome nobody knows: shown to the owner, or sent again. */
  readonly unknown: "hold" | "resend";
  readonly ttlMs: Readonly<Record<DeliveryClass, number>>;
  readonly retry: RetryPolicy;
  readonly maxText: number;
  /** 0: no limit. */
  readonly maxLines: number;
  readonly chunkMode: "length" | "newline";
  readonly mediaMaxMb: number;
  readonly paceMs: number;
  /** The platform drops repeats of a key for this long; 0: it does not. */
  readonly repeatSafeMs: number;
  /** How a growing answer is shown. */
  readonly streaming: "edit" | "blocks" | "off";
  readonly typing: boolean;
}

export const DEFAULT_TTL_MS: Readonly<Record<DeliveryClass, number>> = {
  reply: 15 * MINUTE,
  send: 60 * MINUTE,
  notice: 24 * 60 * MINUTE,
};
const DEFAULT_RETRY: RetryPolicy = { attempts: 5, minMs: 500, maxMs: 30_000, jitter: 0.2 };
/** Least room for text: below it, fences could not be closed and words not kept whole. */
const MIN_TEXT = 32;
const FALLBACK_TEXT = 4_000;

export type PolicyOf = (channel: string, accountId: string) => DeliveryPolicy;

/**
 * Reads the policy anew at every call, so that a changed configuration holds from the next message on. `unknown` is the
 * `delivery.unknown` of the whole gateway; an account may say otherwise.
 */
export function createPolicy(
  channels: Pick<Channels, "manifests" | "accountConfig">,
  unknown: () => DeliveryPolicy["unknown"] = () => "hold",
): PolicyOf {
  return (channel, accountId) => {
    const manifest = channels.manifests().find(({ id }) => id === channel);
    return readPolicy(manifest && channels.accountConfig(channel, accountId), manifest?.capabilities, unknown());
  };
}

/** `config` is the merged configuration of the account; undefined parts mean a channel that is no longer there. */
export function readPolicy(
  config: Readonly<Record<string, unknown>> | undefined,
  can: ChannelManifest["capabilities"] | undefined,
  unknown: DeliveryPolicy["unknown"] = "hold",
): DeliveryPolicy {
  const delivery = objectOf(config?.["delivery"]);
  const retry = objectOf(config?.["retry"]);
  const ttl = (key: DeliveryClass) =>
    key === "reply" ? minutes(delivery["ttlMinutes"], DEFAULT_TTL_MS.reply) : DEFAULT_TTL_MS[key];
  const most = can?.maxText ?? FALLBACK_TEXT;
  return {
    unknown: delivery["unknown"] === "resend" || delivery["unknown"] === "hold" ? delivery["unknown"] : unknown,
    ttlMs: { reply: ttl("reply"), send: ttl("send"), notice: ttl("notice") },
    retry: {
      attempts: numberOf(retry["attempts"], 1, 20, DEFAULT_RETRY.attempts),
      minMs: numberOf(retry["minDelayMs"], 10, 60_000, DEFAULT_RETRY.minMs),
      maxMs: numberOf(retry["maxDelayMs"], 10, 600_000, DEFAULT_RETRY.maxMs),
      jitter: numberOf(retry["jitter"], 0, 1, DEFAULT_RETRY.jitter),
    },
    maxText: Math.min(most, numberOf(config?.["textChunkLimit"], MIN_TEXT, most, most)),
    maxLines: numberOf(config?.["maxLinesPerMessage"], 1, 10_000, can?.maxLines ?? 0),
    chunkMode: config?.["chunkMode"] === "newline" ? "newline" : "length",
    mediaMaxMb: numberOf(config?.["mediaMaxMb"], 0, 64, can?.mediaMaxMb ?? 0),
    paceMs: can?.paceMs ?? 0,
    repeatSafeMs: can?.idempotentSend === true ? can.idempotencyWindowMs ?? Infinity : 0,
    streaming: streamingOf(config, can),
    typing: can?.typing === true && config?.["typing"] !== false,
  };
}

/** Edits are on where the platform has them (`streaming: "off"` ends that); finished blocks only when asked for. */
function streamingOf(
  config: Readonly<Record<string, unknown>> | undefined,
  can: ChannelManifest["capabilities"] | undefined,
): DeliveryPolicy["streaming"] {
  const off = [config?.["streaming"], config?.["streamMode"]].some((value) => value === "off" || value === false);
  if (config?.["blockStreaming"] === true) return "blocks";
  return can?.streaming === "edit" && can.edit && !off ? "edit" : "off";
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};

const numberOf = (value: unknown, least: number, most: number, otherwise: number): number =>
  typeof value === "number" && Number.isFinite(value) ? Math.min(Math.max(value, least), most) : otherwise;

const minutes = (value: unknown, otherwise: number): number =>
  typeof value === "number" && value > 0 ? Math.min(value, 24 * 60) * MINUTE : otherwise;
