/** From allowed messages to a run: one commit marks the inbox rows, uses up the group's context and accepts the run. */
import { GatewayError } from "../../schemas/error.ts";
import type { Inbound, Target } from "../../schemas/worker/content.ts";
import type { RunRequest, RunService } from "../agent/types.ts";
import type { Log } from "../observe/log.ts";
import type { GroupHistory } from "../session/group_history.ts";
import type { SessionEntry, SessionStore } from "../session/types.ts";
import type { Inbox } from "./inbox.ts";
import type { Seen } from "./intake_gate.ts";
import { placeOf, type Refusals } from "./intake_refusals.ts";
import { targetOf } from "./intake_signs.ts";
import { placePrompt } from "./intake_text.ts";
import type { Outbox, Trail } from "./types.ts";

const BUSY = "Sorry, too many messages are waiting for me. Please try again in a few minutes.";

export interface StartDeps {
  readonly log: Log;
  readonly inbox: Inbox;
  readonly trail: Trail;
  readonly outbox: Pick<Outbox, "enqueue" | "wake">;
  readonly sessions: SessionStore;
  readonly history: GroupHistory;
  readonly refusals: Refusals;
  readonly runs: Pick<RunService, "start">;
  /** The gateway is ending: nothing is accepted any more, the rows wait for the next start. */
  readonly stopped: () => boolean;
}

export interface ReadyMessage {
  readonly text: string;
  readonly attachments: RunRequest["attachments"];
  /** For the prompt alone. */
  readonly quote: string;
  readonly isCommand: boolean;
}

/** The party whose runs these are. */
export const principalOf = (channel: string, accountId: string): string => `channel:${channel}:${accountId}`;

/** `batch`: rows that one run answers, oldest first; the last one names it. Never throws for what a message holds. */
export function startRun(deps: StartDeps, batch: readonly Seen[], message: ReadyMessage): void {
  const lead = batch.at(-1);
  if (!lead || deps.stopped()) return;
  try {
    deps.runs.start(requestOf(deps, batch, lead, message));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    if (!deps.stopped()) notAccepted(deps, batch, lead, error);
  }
}

function requestOf(deps: StartDeps, batch: readonly Seen[], lead: Seen, message: ReadyMessage): RunRequest {
  const { row, event, route } = lead;
  const { channel, accountId } = row;
  const principal = principalOf(channel, accountId);
  const past = message.isCommand || event.chat.kind === "direct"
    ? { ids: [], text: "" }
    : deps.history.pending(placeOf(lead), deps.refusals.historyLimit(lead));
  return {
    // The row's own id: a run for it can be accepted once, whatever happens between.
    runId: row.id,
    method: "channel",
    client: { principal, connId: principal, deviceId: undefined },
    sessionKey: route.sessionKey,
    agentId: route.agentId,
    message: message.text,
    attachments: message.attachments,
    thinking: undefined,
    timeoutMs: undefined,
    extraSystemPrompt: placePrompt(lead),
    plain: !message.isCommand,
    context: [past.text, message.quote].filter((part) => part !== "").join("\n\n"),
    reply: { channel, accountId, target: replyTarget(lead), inboxId: row.id },
    trusted: batch.every(({ access }) => access.decision === "allow" && access.isOwner),
    onAccept: (run) => {
      for (const each of batch) {
        deps.trail.add(each.row.id, "access.allowed", allowedFacts(each));
        deps.inbox.mark(each.row.id, "accepted", { sessionKey: run.sessionKey, runId: run.runId });
      }
      deps.trail.add(run.runId, "run.accepted", {
        sessionKey: run.sessionKey,
        agentId: run.agentId,
        matchedBy: route.matchedBy,
        messages: batch.length,
        context: past.ids.length,
      });
      deps.history.use(past.ids);
      deps.sessions.update(run.sessionKey, routeEntry(lead));
    },
  };
}

/** Why a message was let in, for `openclaw explain`. */
function allowedFacts({ access }: Seen): Record<string, unknown> {
  if (access.decision !== "allow") return {};
  const { wasMentioned, isCommand, commandAuthorized, isOwner } = access;
  return { wasMentioned, isCommand, commandAuthorized, isOwner };
}

/** Where the session was last used, for `last`, and what kind of chat it is. */
function routeEntry({ row, event, session }: Seen): { [K in keyof SessionEntry]?: SessionEntry[K] | undefined } {
  const { chat } = event;
  const title = chat.kind === "direct" ? "" : chat.title?.trim().slice(0, 120) ?? "";
  const named = title !== "" && session?.entry.displayName === undefined;
  return {
    // The main session is shared by direct chats and WebChat: it stays what it is.
    ...(chat.kind === "direct" ? {} : { chatType: chat.kind, channel: row.channel }),
    ...(named ? { displayName: title } : {}),
    lastChannel: row.channel,
    lastTo: chat.id,
    lastAccountId: row.accountId,
    lastThreadId: chat.threadId,
  };
}

/** Into the chat and thread of the message; quoting it when `replyToMode` says so. */
function replyTarget({ event, account, manifest }: Seen): Target {
  const handle = "replyHandle" in event ? event.replyHandle : undefined;
  const quote = "messageId" in event && wantsQuote(event, account, manifest.config.properties["replyToMode"]?.default);
  return {
    ...targetOf(event),
    ...(quote && "messageId" in event ? { replyToId: event.messageId } : {}),
    ...(handle === undefined ? {} : { replyHandle: handle }),
  };
}

function wantsQuote({ chat }: Inbound, account: Readonly<Record<string, unknown>>, usual: unknown): boolean {
  const byType = account["replyToModeByChatType"];
  const own = typeof byType === "object" && byType !== null ? Reflect.get(byType, chat.kind) : undefined;
  const mode: unknown = own ?? account["replyToMode"] ?? usual ?? "off";
  return mode === "first" || mode === "all";
}

/** A full queue is said to a bot's chat; a person's own account says nothing. */
function notAccepted(deps: StartDeps, batch: readonly Seen[], lead: Seen, error: GatewayError): void {
  const full = error.code === "UNAVAILABLE";
  deps.log.warn("intake.not_accepted", { inboxId: lead.row.id, error: error.message });
  if (full && !lead.manifest.personal) {
    const { channel, accountId, id } = lead.row;
    deps.outbox.enqueue({
      class: "notice",
      channel,
      accountId,
      target: targetOf(lead.event),
      text: BUSY,
      media: [],
      groupId: `busy:${id}`,
      inboxId: id,
      runId: undefined,
      sessionKey: undefined,
    });
  }
  for (const { row } of batch) deps.refusals.refuse(row, full ? "queue_full" : "not_accepted");
}
