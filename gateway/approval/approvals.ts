/**
 * Asks a person before a command runs. Asks live in memory: whoever asked is gone after a restart too, so a decision would
 * help nobody. Every ask ends once, by a person, its time, whoever asked, or the end of the gateway.
 */
import { GatewayError, invalid, unavailable } from "../../schemas/error.ts";
import {
  ExecApprovalRequestedEvent,
  ExecApprovalResolvedEvent,
  type ExecApprovalSubject,
  type ExecDecision,
  type OpenExecApproval,
} from "../../schemas/event/approval.ts";
import type { Bus } from "../bus.ts";
import { normalizeAgentId } from "../config/agent_id.ts";
import { type Clock, uuid } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { type Host, patternFor, verdict } from "./allowlist.ts";
import { commandForms, commandText, splitCommand } from "./command_text.ts";
import { createEndedAsks, type RememberedAsk } from "./ended.ts";
import { type ApprovalsFile, createApprovalsFile } from "./file_store.ts";
import type { EndedAsk, EndReason, ExecApprovals, ExecAsk, OpenedAsk, RedeemPlace } from "./types.ts";

/** Asks that may wait at once; each is a person's attention. */
export const MAX_WAITING = 200;
export const DEFAULT_TIMEOUT_MS = 120_000;
export const MAX_TIMEOUT_MS = 3_600_000;
const MAX_ID = 128;
const MAX_COMMAND = 16_384;
const MAX_FACT = 4_096;

export interface ApprovalsDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: Bus;
  readonly stateDir: string;
}

export function createExecApprovals(deps: ApprovalsDeps): ExecApprovals {
  const { clock, log, stateDir } = deps;
  return new Service(deps, createApprovalsFile({ path: `${stateDir}/exec-approvals.json`, clock, log }));
}

/** An ask that waits. */
interface Waiting {
  readonly ask: OpenExecApproval;
  readonly pattern: string | undefined;
  readonly decision: PromiseWithResolvers<ExecDecision | null>;
  readonly cancelTimer: () => void;
}

class Service implements ExecApprovals {
  readonly #waiting = new Map<string, Waiting>();
  readonly #ended;
  readonly #askListeners: ((ask: OpenedAsk) => void)[] = [];
  readonly #endListeners: ((end: EndedAsk) => void)[] = [];
  #stopped = false;

  constructor(private readonly deps: ApprovalsDeps, readonly file: ApprovalsFile) {
    this.#ended = createEndedAsks(deps.clock);
  }

  ask(wish: ExecAsk): OpenedAsk {
    if (this.#stopped) throw unavailable("Cannot ask for approval: the gateway is stopping", { retryable: true });
    const { clock, bus, log } = this.deps;
    const id = idOf(wish.id);
    if (this.#waiting.has(id)) throw invalid("approval id already pending");
    if (this.#waiting.size >= MAX_WAITING) {
      throw unavailable(`Cannot ask for approval: ${MAX_WAITING} requests wait already`, { retryable: true });
    }
    const request = subjectOf(wish);
    const argv = wish.argv ?? splitCommand(request.command);
    const pattern = argv === undefined ? undefined : patternFor(argv, request.resolvedPath);
    const ms = Math.min(Math.max(wish.timeoutMs ?? DEFAULT_TIMEOUT_MS, 1), MAX_TIMEOUT_MS);
    const now = clock.now();
    const ask: OpenExecApproval = { id, request, createdAtMs: now, expiresAtMs: now + ms };
    const decision = Promise.withResolvers<ExecDecision | null>();
    this.#ended.forget(id);
    // Before anybody can answer: a client must never see the end of what it has not heard of.
    bus.publish(ExecApprovalRequestedEvent, ask);
    const cancelTimer = clock.after(ms, () => this.#end(id, null, undefined, "timeout"));
    this.#waiting.set(id, { ask, pattern, decision, cancelTimer });
    log.info("approval.asked", { id, agentId: request.agentId, host: request.host, nodeId: request.nodeId, ms });
    const opened = { ...ask, pattern, decision: decision.promise };
    for (const listener of this.#askListeners) this.#guard(() => listener(opened));
    return opened;
  }

  resolve(id: string, decision: ExecDecision, by: string | undefined): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) throw invalid("unknown approval id");
    if (decision === "allow-always") this.#remember(waiting);
    this.#end(id, decision, by?.trim() || undefined, "decided");
  }

  async wait(id: string, signal: AbortSignal) {
    const ended = this.#ended.get(id);
    if (ended !== undefined) return { ask: ended.ask, decision: ended.decision };
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) throw new GatewayError("APPROVAL_NOT_FOUND", "unknown approval id");
    const stopping = Promise.withResolvers<never>();
    const stop = () =>
      stopping.reject(unavailable("Cannot wait for the decision: the gateway is stopping", { retryable: true }));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return { ask: waiting.ask, decision: await Promise.race([waiting.decision.promise, stopping.promise]) };
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  list(): readonly OpenExecApproval[] {
    return [...this.#waiting.values()].map(({ ask }) => ask);
  }

  cancel(id: string): void {
    this.#end(id, null, undefined, "cancelled");
  }

  redeem(id: string, command: string | readonly string[], where: RedeemPlace = {}): boolean {
    const ended = this.#ended.get(id);
    if (ended === undefined || (ended.decision !== "allow-once" && ended.decision !== "allow-always")) return false;
    const { request } = ended.ask;
    const forms = typeof command === "string" ? [command] : commandForms(command);
    if (!forms.includes(request.command) || !isSamePlace(request, where)) return false;
    if (where.alwaysFor !== undefined && !isAlwaysFor(where.alwaysFor, ended)) return false;
    if (this.#ended.use(id)) return true;
    const argv = typeof command === "string" ? splitCommand(command) : command;
    return ended.decision === "allow-always" && argv !== undefined &&
      this.allowed(agentIdOf(request), argv, { resolvedPath: request.resolvedPath ?? undefined });
  }

  allowed(agentId: string, argv: readonly string[], host: Host = {}): boolean {
    const id = normalizeAgentId(agentId);
    try {
      const { decision, hit } = verdict(this.file.read(), id, argv, host);
      if (hit !== undefined) this.file.used(hit, { command: commandText(argv), resolvedPath: host.resolvedPath });
      return decision === "allow";
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.deps.log.warn("approvals.file_unusable", { error: error.message });
      return false;
    }
  }

  onAsk(listener: (ask: OpenedAsk) => void): void {
    this.#askListeners.push(listener);
  }

  onEnd(listener: (end: EndedAsk) => void): void {
    this.#endListeners.push(listener);
  }

  stop(): void {
    this.#stopped = true;
    for (const id of [...this.#waiting.keys()]) this.#end(id, null, undefined, "stopped");
    this.file.flush();
  }

  /** Written down before the decision counts: an `always` that is lost would be asked again without a word. */
  #remember({ ask: { id, request }, pattern }: Waiting): void {
    if (pattern === undefined) return this.deps.log.info("approval.always_as_once", { id });
    const resolvedPath = request.resolvedPath ?? undefined;
    this.file.remember(agentIdOf(request), pattern, { command: request.command, resolvedPath });
  }

  #end(id: string, decision: ExecDecision | null, by: string | undefined, reason: EndReason): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    const { bus, clock, log } = this.deps;
    waiting.cancelTimer();
    this.#waiting.delete(id);
    this.#ended.add(waiting.ask, decision);
    if (decision !== null) {
      const resolvedBy = by === undefined ? {} : { resolvedBy: by };
      bus.publish(ExecApprovalResolvedEvent, { id, decision, ...resolvedBy, ts: clock.now() });
    }
    log.info("approval.ended", { id, decision, by, reason });
    waiting.decision.resolve(decision);
    for (const listener of this.#endListeners) this.#guard(() => listener({ id, decision, by, reason }));
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.deps.log.error("approval.listener_failed", { error });
    }
  }
}

/** Ids come from clients and stand in messages and logs. */
function idOf(wanted: string | undefined): string {
  if (wanted === undefined) return uuid();
  if (wanted.length > MAX_ID || /[\p{Cc}\p{Cf}]/u.test(wanted)) {
    throw invalid(`Cannot ask for approval: the id is longer than ${MAX_ID} characters or holds invisible ones`);
  }
  return wanted;
}

/** With known words the text is one of theirs: what is shown, kept and compared is then what will run. */
function subjectOf({ request, argv }: ExecAsk): ExecApprovalSubject {
  const isTheirs = argv === undefined || commandForms(argv).includes(request.command);
  const subject = isTheirs ? request : { ...request, command: commandText(argv) };
  for (const [key, value] of Object.entries(subject)) {
    const most = key === "command" ? MAX_COMMAND : MAX_FACT;
    if (typeof value === "string" && value.length > most) {
      throw invalid(`Cannot ask for approval: ${key} is longer than ${most} characters`);
    }
  }
  if (subject.command.trim() === "") throw invalid("Cannot ask for approval: command is empty");
  return subject;
}

/** Whose allow list counts: the agent, else that of the session, else the default name. */
function agentIdOf({ agentId, sessionKey }: ExecApprovalSubject): string {
  return normalizeAgentId(agentId ?? /^agent:([^:]+):/u.exec(sessionKey ?? "")?.[1] ?? "");
}

function isSamePlace(request: ExecApprovalSubject, { nodeId, cwd }: RedeemPlace): boolean {
  const named = request.nodeId ?? undefined;
  return (named === undefined || nodeId === undefined || named === nodeId) &&
    (cwd === undefined || (request.cwd || null) === (cwd || null));
}

/** An allow-once must not become a rule on the host, nor one agent's rule that of another. */
const isAlwaysFor = (agentId: string, { ask: { request }, decision }: RememberedAsk): boolean =>
  decision === "allow-always" && normalizeAgentId(agentId) === agentIdOf(request);
