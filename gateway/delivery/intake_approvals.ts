/** The owner's decisions that come in over channels: pressed cards and `/approve`. Everybody else is turned away in silence. */
import type { Inbound } from "../../schemas/worker/content.ts";
import type { Allowed } from "../session/access.ts";
import type { ApproveCommand } from "../session/approve_command.ts";
import { speaker } from "../session/group_history.ts";
import type { Db } from "../storage/db.ts";
import type { ApprovalCards } from "./approval_cards.ts";
import type { Inbox } from "./inbox.ts";
import type { Seen } from "./intake_gate.ts";
import type { Refusals } from "./intake_refusals.ts";
import { targetOf } from "./intake_signs.ts";
import type { Outbox, Trail } from "./types.ts";

export interface DecisionDeps {
  readonly db: Db;
  readonly cards: ApprovalCards;
  readonly inbox: Inbox;
  readonly outbox: Pick<Outbox, "enqueue" | "wake">;
  readonly trail: Trail;
  readonly refusals: Refusals;
}

type ButtonEvent = Extract<Inbound, { kind: "button" }>;

/** A pressed button of a card. Whoever is let in may press, but only an owner decides. */
export function decideByButton(deps: DecisionDeps, seen: Seen, event: ButtonEvent, { isOwner }: Allowed): void {
  const { db, cards, inbox, trail, refusals } = deps;
  const { row, route } = seen;
  if (!isOwner) return refusals.refuse(row, "not_owner");
  db.transaction(() => {
    const { channel, accountId, id: inboxId } = row;
    const { messageId, data, sender } = event;
    const result = cards.press({
      channel,
      accountId,
      target: targetOf(event),
      messageId,
      data,
      by: speaker(sender),
      inboxId,
    });
    trail.add(inboxId, "approval.pressed", { result });
    inbox.mark(inboxId, "done", { reason: "approval", sessionKey: route.sessionKey });
  });
}

/** `/approve` as text. */
export function decideByCommand(deps: DecisionDeps, seen: Seen, command: ApproveCommand, { isOwner }: Allowed): void {
  const { db, cards, inbox, outbox, refusals } = deps;
  const { row, event, route } = seen;
  if (!isOwner) return refusals.refuse(row, "not_owner");
  db.transaction(() => {
    outbox.enqueue({
      class: "notice",
      channel: row.channel,
      accountId: row.accountId,
      target: targetOf(event),
      text: cards.command(command, speaker(event.sender)),
      media: [],
      groupId: `command:${row.id}`,
      inboxId: row.id,
      runId: undefined,
      sessionKey: route.sessionKey,
    });
    inbox.mark(row.id, "done", { reason: "approval", sessionKey: route.sessionKey });
  });
}
