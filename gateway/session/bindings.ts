/** Which agent answers where: the first binding that fits, the narrower kinds first (sessions facts, section 2). */
import type { Binding, Config } from "../config/types.ts";
import type { Chat } from "../../schemas/worker/content.ts";
import { normalizeAgentId } from "./key.ts";
import { sameId } from "./sender_match.ts";

export type MatchedBy =
  | "binding.peer"
  | "binding.peer.parent"
  | "binding.guild"
  | "binding.team"
  | "binding.account"
  | "binding.channel"
  | "default";

/** Where a message came from, as bindings see it. */
export interface Place {
  readonly channel: string;
  readonly accountId: string;
  readonly defaultAccountId: string | undefined;
  /** A direct chat is named by its sender, any other by its chat. */
  readonly peer: { readonly kind: Chat["kind"]; readonly id: string };
  readonly parentId: string | undefined;
  readonly guildId: string | undefined;
  readonly teamId: string | undefined;
}

type Level = readonly [MatchedBy, (match: Binding["match"]) => boolean];

/** The agent for a place. A binding to an agent that does not exist means the default agent. */
export function matchBinding(
  place: Place,
  { bindings, agents }: Pick<Config, "bindings" | "agents">,
): { readonly agentId: string; readonly matchedBy: MatchedBy } {
  const candidates = bindings.filter(({ match }) => isFor(match, place));
  for (const [matchedBy, fits] of levelsOf(place)) {
    const found = candidates.find(({ match }) => fits(match));
    if (!found) continue;
    const agentId = normalizeAgentId(found.agentId);
    return { agentId: agents.list.some(({ id }) => id === agentId) ? agentId : agents.defaultId, matchedBy };
  }
  return { agentId: agents.defaultId, matchedBy: "default" };
}

/** Channel equal, account equal; without one only the default account, `*` any. */
function isFor({ channel, accountId }: Binding["match"], place: Place): boolean {
  if (!sameId(channel, place.channel)) return false;
  if (accountId === "*") return true;
  const wanted = accountId ?? place.defaultAccountId ?? "default";
  return sameId(wanted, place.accountId);
}

function levelsOf(place: Place): readonly Level[] {
  const { peer, parentId, guildId, teamId } = place;
  const same = (wanted: string | undefined, there: string | undefined): boolean =>
    wanted !== undefined && there !== undefined && sameId(wanted, there);
  const bare = (match: Binding["match"]): boolean =>
    match.peer === undefined && match.guildId === undefined && match.teamId === undefined;
  return [
    ["binding.peer", (match) => match.peer?.kind === peer.kind && same(match.peer.id, peer.id)],
    ["binding.peer.parent", (match) => match.peer !== undefined && same(match.peer.id, parentId)],
    ["binding.guild", (match) => match.peer === undefined && same(match.guildId, guildId)],
    ["binding.team", (match) => match.peer === undefined && same(match.teamId, teamId)],
    ["binding.account", (match) => bare(match) && match.accountId !== "*"],
    ["binding.channel", (match) => bare(match) && match.accountId === "*"],
  ];
}
