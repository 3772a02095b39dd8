/**
 * What happens to messages that are not answered: each gets a reason, is counted and written down. A stranger may ask to
 * be let in; a bot tells the code once, a person's own account stays silent whatever comes.
 */
import { SenderPairingRequestedEvent } from "../../schemas/event/sender_pairing.ts";
import type { Bus } from "../bus.ts";
import type { Config } from "../config/types.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import type { Reason } from "../session/access.ts";
import { type GroupHistory, type GroupPlace, speaker } from "../session/group_history.ts";
import type { SenderPairing, SenderRequest } from "../session/sender_pairing.ts";
import type { Db } from "../storage/db.ts";
import type { Inbox, InboxRow } from "./inbox.ts";
import type { Seen } from "./intake_gate.ts";
import { targetOf } from "./intake_signs.ts";
import type { MessageTrail } from "./trail.ts";
import type { Outbox } from "./types.ts";

export interface RefusalDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: Bus;
  readonly config: () => Config;
  readonly inbox: Inbox;
  readonly trail: MessageTrail;
  readonly outbox: Pick<Outbox, "enqueue" | "wake">;
  readonly pairing: SenderPairing;
  readonly history: GroupHistory;
  /** A sentence for the owner's eyes; without message bodies. Joins the caller's transaction. */
  readonly tellOwner?: (sentence: string) => void;
}

/** What is dropped so often that only a debugging owner wants to read it. */
const QUIET: readonly Reason[] = ["own_message", "echo", "reactions_off"];

export class Refusals {
  constructor(private readonly deps: RefusalDeps) {}

  refuse(row: InboxRow, reason: Reason): void {
    this.#end(row, "refused", reason);
  }

  ignore(row: InboxRow, reason: Reason): void {
    this.#end(row, "ignored", reason);
  }

  /** Keeps what a group says among itself as context, as far as that is wanted. */
  keep(seen: Seen, reason: Reason): void {
    const { db, inbox, history } = this.deps;
    const limit = this.historyLimit(seen);
    if (limit === 0) return this.ignore(seen.row, "history_off");
    db.transaction(() => {
      inbox.mark(seen.row.id, "history", { reason });
      history.trim(placeOf(seen), limit);
    });
    this.deps.log.debug("message.kept", { channel: seen.row.channel, account: seen.row.accountId, reason });
  }

  /** A stranger in a direct chat: a request for the owner, and on a bot one answer with the code. */
  stranger(seen: Seen): void {
    const { row, event, manifest } = seen;
    const { db, pairing, clock } = this.deps;
    const preview = event.kind === "message" ? event.text : "";
    const asked = db.transaction(() => {
      const made = pairing.request(row.channel, row.accountId, event.sender, preview);
      this.#end(row, "refused", made ? "pairing_required" : "pairing_full");
      if (made?.created) this.deps.tellOwner?.(askedText(manifest.label, made.request));
      if (made?.created && !manifest.personal) this.#tellCode(seen, made.request);
      return made;
    });
    if (!asked?.created) return;
    const { requestId, channel, accountId, senderId, expiresAt } = asked.request;
    this.deps.bus.publish(SenderPairingRequestedEvent, {
      requestId,
      channel,
      accountId,
      senderId,
      senderLabel: speaker(event.sender),
      ...(asked.request.preview === undefined ? {} : { preview: asked.request.preview }),
      expiresAt,
      ts: clock.now(),
    });
  }

  /** Messages of a group that are kept while it does not address the agent; 0: none. */
  historyLimit({ account, manifest }: Seen): number {
    const own = account["historyLimit"] ?? manifest.config.properties["historyLimit"]?.default;
    const limit = typeof own === "number" ? own : this.deps.config().messages.groupChat.historyLimit;
    return Math.max(0, Math.min(500, Math.floor(limit)));
  }

  #tellCode({ row, event, manifest }: Seen, { code, createdAt, senderId }: SenderRequest): void {
    this.deps.outbox.enqueue({
      class: "notice",
      channel: row.channel,
      accountId: row.accountId,
      target: targetOf(event),
      text: codeText(manifest.id, row.accountId, senderId, code),
      media: [],
      // The same request is never answered twice, not even after a crash.
      groupId: `pairing:${row.channel}:${row.accountId}:${senderId}:${createdAt}`,
      inboxId: row.id,
      runId: undefined,
      sessionKey: undefined,
    });
  }

  #end(row: InboxRow, state: "refused" | "ignored", reason: Reason): void {
    const { db, inbox, trail, log } = this.deps;
    const { channel, accountId, event } = row;
    db.transaction(() => {
      inbox.mark(row.id, state, { reason });
      trail.refused(channel, accountId, reason);
    });
    const fields = {
      channel,
      account: accountId,
      inboxId: row.id,
      sender: event.sender.id,
      chat: event.chat.id,
      reason,
    };
    if (QUIET.includes(reason)) log.debug(`message.${state}`, fields);
    else log.info(`message.${state}`, fields);
  }
}

export const placeOf = ({ row, event }: Pick<Seen, "row" | "event">): GroupPlace => ({
  channel: row.channel,
  accountId: row.accountId,
  chatId: event.chat.id,
  threadId: event.chat.threadId,
});

const askedText = (label: string, { channel, accountId, senderId, name, requestId }: SenderRequest): string =>
  `${speaker({ id: senderId, name })} (${senderId}) wrote to ${label} (account ${accountId}) and is not known. ` +
  `Let in: openclaw pairing approve ${channel} ${requestId}`;

/** What a stranger reads, once: what to tell the owner, and nothing of the agent. */
function codeText(channel: string, accountId: string, senderId: string, code: string): string {
  const account = accountId === "default" ? "" : ` --account ${accountId}`;
  return [
    "This assistant is private and does not know you yet.",
    `Your id: ${senderId}\nPairing code: ${code}`,
    `Its owner can let you in with:\nopenclaw pairing approve ${channel} ${code}${account}`,
  ].join("\n\n");
}
