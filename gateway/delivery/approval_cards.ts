/**
 * Approvals in chats: a card with buttons for each ask, the owner's press, and what became of it on the same card. Cards
 * go through the outbox and end with their ask. Asks do not outlive the process; their cards do, and say so when pressed.
 */
import { GatewayError } from "../../schemas/error.ts";
import type { ExecDecision } from "../../schemas/event/approval.ts";
import type { EndedAsk, ExecApprovals, OpenedAsk } from "../approval/types.ts";
import { type Clock, randomToken } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { APPROVE_USAGE, type ApproveCommand } from "../session/approve_command.ts";
import { type AskedPlace, askedPlaces, type PlacesDeps } from "./approval_places.ts";
import { cardButtons, type CardFacts, cardText, endText, GONE, outcome, parsePress } from "./approval_text.ts";
import type { DeliveryService } from "./outbox.ts";
import type { Delivery } from "./types.ts";

/** Cards of ended asks that are remembered, for whoever presses late. */
const MAX_ENDED = 500;
/** A card lives a little longer than its ask, which takes it back itself: an outbox that gives up tells the owner. */
const GRACE_MS = 5_000;
/** How long the platform's answer to a card may take until its outcome goes there. */
const SETTLE_MS = 60_000;
/** Characters of an ask's id that are enough to name it, when only one begins so. */
const MIN_PREFIX = 4;
const GROUP = /^approval:[A-Za-z0-9_-]{12}:\d+$/u;

export interface CardsDeps extends PlacesDeps {
  readonly approvals: ExecApprovals;
  readonly clock: Clock;
  readonly log: Log;
  readonly outbox: Pick<DeliveryService, "enqueue" | "cancel" | "settled" | "list">;
  /** What people call a node. */
  readonly nodeName: (nodeId: string) => string | undefined;
}

/** Where a button was pressed, and by whom. The caller has made sure that it is an owner and that the button is ours. */
export interface CardPress extends Pick<Delivery, "channel" | "accountId" | "target"> {
  readonly messageId: string;
  readonly data: string;
  /** A name for people. */
  readonly by: string;
  readonly inboxId: string;
}

export interface ApprovalCards {
  /** Whether a button belongs to a card: by its data, and by the delivery that carried it. */
  isCard(data: string, groupId: string | undefined): boolean;
  /** Takes the owner's decision. Joins the caller's transaction. Returns what became of it, for the trail. */
  press(press: CardPress): string;
  /** The same by a text command; returns the line that answers it. */
  command(command: ApproveCommand, by: string): string;
  /** Once, before the outbox starts to send: questions of the process before this one are not asked any more. */
  begin(): void;
}

interface Card {
  readonly facts: Omit<CardFacts, "hasOwner">;
  readonly places: readonly AskedPlace[];
  end: EndedAsk | undefined;
}

export function createApprovalCards(deps: CardsDeps): ApprovalCards {
  return new Cards(deps);
}

class Cards implements ApprovalCards {
  /** By the short id that the buttons carry, the oldest first. */
  readonly #cards = new Map<string, Card>();

  constructor(private readonly deps: CardsDeps) {
    deps.approvals.onAsk((ask) => this.#asked(ask));
    deps.approvals.onEnd((end) => this.#ended(end));
  }

  isCard(data: string, groupId: string | undefined): boolean {
    return parsePress(data) !== undefined && groupId !== undefined && GROUP.test(groupId);
  }

  press(press: CardPress): string {
    const wanted = parsePress(press.data);
    const card = wanted && this.#cards.get(wanted.card);
    if (wanted === undefined || card === undefined) {
      this.#sayOnCard(press, `approval:${wanted?.card}:gone`, GONE);
      return "gone";
    }
    if (card.end !== undefined) {
      this.#line(
        press,
        `approval:${wanted.card}:late`,
        `Already decided: ${outcome(card.end, card.facts.ask.pattern)}`,
      );
      return "late";
    }
    const refusal = this.#resolve(card.facts.ask.id, wanted.decision, press.by);
    if (refusal !== undefined) this.#line(press, `approval:${press.inboxId}:refused`, refusal);
    return refusal === undefined ? wanted.decision : "refused";
  }

  command({ id, decision }: ApproveCommand, by: string): string {
    const ask = this.#find(id);
    if (ask === undefined) return id === "" ? APPROVE_USAGE : `${GONE}. ${APPROVE_USAGE}`;
    if (decision === undefined) return APPROVE_USAGE;
    const { pattern } = ask;
    return this.#resolve(ask.id, decision, by) ?? outcome({ id: ask.id, decision, by, reason: "decided" }, pattern);
  }

  begin(): void {
    for (const { groupId } of this.deps.outbox.list({ state: "queued", limit: 500 })) {
      if (GROUP.test(groupId)) this.deps.outbox.cancel(groupId, "The gateway was started again");
    }
  }

  #asked(ask: OpenedAsk): void {
    const { clock, outbox, nodeName, log } = this.deps;
    const { request } = ask;
    const places = askedPlaces(this.deps, request.sessionKey);
    const card = randomToken(9);
    const facts = { card, ask, node: request.nodeId ? nodeName(request.nodeId) : undefined };
    this.#cards.set(card, { facts, places, end: undefined });
    places.forEach((place, index) => {
      const shown = { ...facts, hasOwner: place.hasOwner };
      const buttons = cardButtons(shown);
      outbox.enqueue({
        ...base(place, `approval:${card}:${index}`),
        text: cardText(shown, clock.now()),
        ...(buttons === undefined ? {} : { buttons }),
        ttlMs: ask.expiresAtMs - clock.now() + GRACE_MS,
      });
    });
    log.info("approval.cards", { id: ask.id, card, chats: places.length });
  }

  #ended(end: EndedAsk): void {
    const card = [...this.#cards.values()].find(({ facts, end: ended }) =>
      ended === undefined && facts.ask.id === end.id
    );
    if (card === undefined) return;
    card.end = end;
    card.places.forEach((place, index) => void this.#showEnd(card, end, place, index));
    this.#forgetOldest();
  }

  /** What was not sent is not sent any more; what stands in the chat shows the end. */
  async #showEnd({ facts }: Card, end: EndedAsk, place: AskedPlace, index: number): Promise<void> {
    const { outbox, log } = this.deps;
    const groupId = `approval:${facts.card}:${index}`;
    try {
      outbox.cancel(groupId, "The request has ended");
      const { state, messageIds } = await outbox.settled(groupId, SETTLE_MS);
      if (state !== "sent" && state !== "unknown") return;
      const messageId = state === "sent" && place.canEdit ? messageIds.at(-1) : undefined;
      const whole = endText({ ...facts, hasOwner: place.hasOwner }, end);
      outbox.enqueue({
        ...base(place, `${groupId}:end`),
        text: messageId === undefined ? outcome(end, facts.ask.pattern) : whole,
        ...(messageId === undefined ? {} : { draft: { messageId } }),
      });
    } catch (error) {
      log.error("approval.end_not_shown", { id: end.id, channel: place.channel, error });
    }
  }

  /** What stands against the decision, in one sentence; undefined: it counts. */
  #resolve(id: string, decision: ExecDecision, by: string): string | undefined {
    try {
      this.deps.approvals.resolve(id, decision, by);
      return undefined;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.deps.log.warn("approval.not_resolved", { id, decision, error: error.message });
      // The reason may name files of this host, which is nobody's business in a chat.
      return decision === "allow-always"
        ? "This cannot be remembered now; allow it once, and see the gateway's log"
        : GONE;
    }
  }

  /** An ask that waits, by its id, by the beginning of it, or by the id of its card. */
  #find(id: string): OpenedAsk | undefined {
    const open = [...this.#cards.values()].filter(({ end }) => end === undefined).map(({ facts }) => facts);
    const exact = open.find(({ card, ask }) => ask.id === id || card === id);
    if (exact !== undefined) return exact.ask;
    const [only, second] = id.length < MIN_PREFIX ? [] : open.filter(({ ask }) => ask.id.startsWith(id));
    return second === undefined ? only?.ask : undefined;
  }

  #sayOnCard(press: CardPress, groupId: string, text: string): void {
    const canEdit = this.deps.channels.manifests().find(({ id }) => id === press.channel)?.capabilities.edit === true;
    const draft = canEdit ? { draft: { messageId: press.messageId } } : {};
    this.deps.outbox.enqueue({ ...base(press, groupId), inboxId: press.inboxId, text, ...draft });
  }

  /** One line for each card, however often somebody presses. */
  #line(press: CardPress, groupId: string, text: string): void {
    this.deps.outbox.enqueue({ ...base(press, groupId), inboxId: press.inboxId, text });
  }

  #forgetOldest(): void {
    const ended = [...this.#cards].filter(([, { end }]) => end !== undefined);
    for (const [card] of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) this.#cards.delete(card);
  }
}

const base = ({ channel, accountId, target }: Pick<Delivery, "channel" | "accountId" | "target">, groupId: string) => ({
  class: "notice" as const,
  channel,
  accountId,
  target,
  media: [],
  groupId,
  inboxId: undefined,
  runId: undefined,
  sessionKey: undefined,
});
