/** What the page does with approvals of commands: keeps the open ones, tells the person's decision, says how each ended. */
import type { Timers } from "../../client/link.ts";
import { may } from "../../client/protocol.ts";
import type { Approval, ApprovalsState, Ending, ExecDecision } from "./approvals_model.ts";
import { readApproval, readApprovals, readResolved } from "./approvals_parse.ts";
import { failureOf } from "./channels_model.ts";
import type { Wire } from "./chat.ts";
import { once } from "./once.ts";
import type { Store } from "./store.ts";

const ENDING_MS = 12_000;
/** The gateway decides when it is too late; we look a moment after it did. */
const GRACE_MS = 500;
/** More than a person could look through; the gateway itself takes fewer. */
const MAX_OPEN = 200;

export class ApprovalDesk {
  #expiry: (() => void) | undefined;
  /** What this page decided, so that the event of it is not told as somebody else's word. */
  #own = new Set<string>();

  constructor(private readonly store: Store, private readonly wire: Wire, private readonly timers: Timers) {}

  /** Connected, for the first time or again; also after lost events. */
  refresh = once(async () => {
    const { hello } = this.store.get();
    if (!may(hello, "operator.approvals") || !hello?.methods.has("exec.approval.list")) return;
    const answer = await this.wire.request("exec.approval.list", {}).catch(() => undefined);
    if (answer === undefined) return;
    const open = readApprovals(answer);
    const gone = this.#state().open.filter((old) => !open.some(({ id }) => id === old.id));
    this.#set({ open });
    for (const one of gone) this.#ended(one, this.#isLate(one) ? "expired" : "gone", undefined);
    this.#watch();
  });

  event(name: string, payload: unknown): void {
    if (name === "exec.approval.requested") {
      const approval = readApproval(payload);
      const { open } = this.#state();
      if (!approval || open.length >= MAX_OPEN || open.some(({ id }) => id === approval.id)) return;
      this.#set({ open: [...open, approval] });
      this.#watch();
    }
    if (name === "exec.approval.resolved") {
      const resolved = readResolved(payload);
      const approval = this.#state().open.find(({ id }) => id === resolved?.id);
      if (resolved && approval) this.#ended(approval, resolved.decision, resolved.by);
    }
  }

  /** Tells the decision. A refusal stands on the card; one that came too late takes the card away. */
  async decide(approval: Approval, decision: ExecDecision): Promise<void> {
    const { id } = approval;
    if (this.#state().busy.includes(id)) return;
    const { [id]: _gone, ...failures } = this.#state().failures;
    this.#set({ busy: [...this.#state().busy, id], failures });
    this.#own.add(id);
    try {
      await this.wire.request("exec.approval.resolve", { id, decision });
      this.#ended(approval, decision, undefined);
    } catch (error) {
      this.#own.delete(id);
      const failure = failureOf(error);
      if (/unknown approval id|APPROVAL_NOT_FOUND/.test(failure.text)) await this.refresh();
      else this.#set({ failures: { ...this.#state().failures, [id]: failure } });
    } finally {
      this.#set({ busy: this.#state().busy.filter((one) => one !== id) });
    }
  }

  #ended(approval: Approval, end: Ending["end"], by: string | undefined): void {
    const { open, endings, failures } = this.#state();
    const { id, command } = approval;
    if (endings.some((one) => one.id === id)) return;
    const { [id]: _gone, ...rest } = failures;
    const ending: Ending = { id, command, end, by, own: this.#own.delete(id) };
    this.#set({ open: open.filter((one) => one.id !== id), failures: rest, endings: [...endings, ending].slice(-3) });
    this.timers.after(ENDING_MS, () => {
      this.#set({ endings: this.#state().endings.filter((one) => one.id !== id) });
    });
    this.#watch();
  }

  /** A timeout has no event: the cards go by the clock. */
  #watch(): void {
    this.#expiry?.();
    this.#expiry = undefined;
    const next = Math.min(...this.#state().open.map(({ expiresAt }) => expiresAt || Infinity));
    if (next === Infinity) return;
    this.#expiry = this.timers.after(Math.max(GRACE_MS, next - this.#now() + GRACE_MS), () => {
      for (const one of this.#state().open) if (this.#isLate(one)) this.#ended(one, "expired", undefined);
      this.#watch();
    });
  }

  #isLate = ({ expiresAt }: Approval): boolean => expiresAt > 0 && expiresAt <= this.#now();
  /** In the gateway's time. */
  #now = (): number => this.timers.now() + this.store.get().channels.skewMs;
  #state = (): ApprovalsState => this.store.get().approvals;
  #set(change: Partial<ApprovalsState>): void {
    this.store.dispatch({ type: "approvals", change });
  }
}
