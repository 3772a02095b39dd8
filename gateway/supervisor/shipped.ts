/** The messaging providers that this gateway ships. Tests start the gateway with more of them; nothing else can. */
import { CHANNELS } from "../../workers/registry.ts";
import type { ChannelEntry } from "../config/types.ts";

/** `more` come last and replace a shipped one of the same id. */
export function channelEntries(more: readonly ChannelEntry[] = []): readonly ChannelEntry[] {
  return [...CHANNELS.filter(({ manifest }) => !more.some((each) => each.manifest.id === manifest.id)), ...more];
}
