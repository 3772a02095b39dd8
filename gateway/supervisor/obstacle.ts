/** What stands in the way of an account's start, and that no repetition of the start can change. */
import type { UserAction } from "../../schemas/worker/channel.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import type { ChannelAccount } from "../config/types.ts";
import { channelPermissions } from "./permissions.ts";

export interface Obstacle {
  readonly state: "disabled" | "unconfigured" | "wedged";
  readonly sentence: string;
  readonly userAction?: UserAction;
}

export const HELD_BY_LOST_THREAD: Obstacle = {
  state: "wedged",
  sentence: "A worker of this account no longer answers, and its platform allows no second one: restart the gateway",
  userAction: "restart_gateway",
};

/** Sentences that say what the account lacks. */
export const missingOf = (manifest: ChannelManifest, account: ChannelAccount): string[] =>
  manifest.missing(account.config, new Set(Object.keys(account.secrets)));

export function obstacleOf(manifest: ChannelManifest, account: ChannelAccount): Obstacle | undefined {
  if (!account.enabled) return { state: "disabled", sentence: "Switched off in the configuration" };
  if (account.problem) return account.problem;
  const missing = missingOf(manifest, account);
  if (missing.length > 0) return { state: "unconfigured", sentence: missing.join("; "), userAction: "fix_config" };
  try {
    channelPermissions(manifest.permissions(account.config));
    return undefined;
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    return { state: "disabled", sentence, userAction: "fix_config" };
  }
}
