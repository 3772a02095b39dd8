/** `bindings` of the file: which agent answers where, ids as text, `dm` under its newer name. */
import type { BindingEntry } from "../../schemas/config.ts";
import type { Static } from "../../schemas/primitives.ts";
import type { Binding } from "./types.ts";

export const bindingsPart = (part: readonly Static<typeof BindingEntry>[] = []): Binding[] =>
  part.map(({ agentId, match }) => {
    const { channel, accountId, peer, guildId, teamId } = match;
    return {
      agentId,
      match: {
        channel,
        ...(accountId === undefined ? {} : { accountId }),
        ...(peer === undefined
          ? {}
          : { peer: { kind: peer.kind === "dm" ? "direct" : peer.kind, id: String(peer.id) } }),
        ...(guildId === undefined ? {} : { guildId }),
        ...(teamId === undefined ? {} : { teamId }),
      },
    };
  });
