/** One call: policy, room, what canvas and approvals have to say, then the node. Nothing is sent before all agree. */
import { Buffer } from "node:buffer";
import { GatewayError, invalid, unavailable } from "../../schemas/error.ts";
import type { ExecApprovals } from "../approval/types.ts";
import type { Screens } from "../canvas/types.ts";
import type { ConfigStore } from "../config/types.ts";
import type { Log } from "../observe/log.ts";
import { canonicalKey, keyRules } from "../session/key.ts";
import { type Ask, type Calls, DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS } from "./calls.ts";
import { type CanvasStep, canvasStep } from "./canvas_commands.ts";
import { judge } from "./policy.ts";
import type { LiveNode, Registry } from "./registry.ts";
import type { NodeResult } from "./result.ts";
import { planParams, PREPARE, runParams, withPlan } from "./system_run.ts";
import type { NodeCall } from "./types.ts";
import { type NodeParts, policyFacts } from "./view.ts";

/** Bytes of parameters: as JSON in JSON they must fit a frame. */
const MAX_PARAMS_BYTES = 8 * 1024 * 1024;
/** A plan takes a look at a file. */
const PLAN_MS = 10_000;
/** Commands after which a person sees something of the session's agent. */
const SHOWS = /^canvas\.(?:present|navigate|a2ui\.push|a2ui\.pushJSONL)$/u;
const APPROVALS = /^system\.execApprovals\./u;

export interface InvokerDeps {
  readonly log: Log;
  readonly approvals: Pick<ExecApprovals, "redeem">;
  readonly screens: Screens;
  readonly config: Pick<ConfigStore, "current">;
  readonly registry: Registry;
  readonly calls: Calls;
  readonly partsOf: (nodeId: string) => NodeParts;
}

export class Invoker {
  constructor(private readonly deps: InvokerDeps) {}

  /** Throws at once for what is refused before the node hears of it; the promise is the node's answer. */
  start(call: NodeCall): Promise<NodeResult> {
    const { nodeId, command, idempotencyKey } = call;
    const live = this.#allowed(call);
    this.deps.calls.requireRoom(nodeId);
    requireSmall(call.params);
    const step = canvasStep(this.deps.screens, nodeId, command, call.params);
    const params = command === "system.run" ? runParams(call.params, this.deps.approvals, nodeId) : call.params;
    const sessionKey = this.#remember(live, call.sessionKey);
    this.#remember(live, sessionOf(command, params));
    const note = () => SHOWS.test(command) && this.deps.screens.shownFor(nodeId, sessionKey);
    if (step.kept) note();
    const ask = {
      command,
      timeoutMs: Math.min(call.timeoutMs || DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS),
      idempotencyKey,
    };
    const plan = live.claims.commands.includes(PREPARE) && command === "system.run" ? planParams(params) : undefined;
    const sent = plan === undefined ? this.#send(live, ask, params) : this.#sendPlanned(live, ask, params, plan);
    const done = () => {
      step.done();
      if (!step.kept) note();
    };
    return this.#settled(sent, { ...step, done }, call);
  }

  #send(live: LiveNode, ask: Omit<Ask, "paramsJSON">, params: unknown): Promise<NodeResult> {
    return this.deps.calls.send(live, { ...ask, paramsJSON: params === undefined ? null : JSON.stringify(params) });
  }

  /** Two calls: the node's plan of an approved command, then the command with it. */
  async #sendPlanned(
    live: LiveNode,
    ask: Omit<Ask, "paramsJSON">,
    params: unknown,
    plan: unknown,
  ): Promise<NodeResult> {
    const timeoutMs = Math.min(ask.timeoutMs, PLAN_MS);
    const idempotencyKey = `${ask.idempotencyKey}:plan`;
    const planned = await this.#send(live, { command: PREPARE, timeoutMs, idempotencyKey }, plan)
      .then(({ payload }) => payload, () => undefined);
    if (this.deps.registry.get(live.nodeId)?.client.connId !== live.client.connId) {
      throw unavailable(`node disconnected (${ask.command})`);
    }
    return await this.#send(live, ask, withPlan(params, planned));
  }

  /** The canonical key, which the node may then use. */
  #remember(live: LiveNode, key: string | undefined): string | undefined {
    if (key === undefined) return undefined;
    try {
      const canonical = canonicalKey(key, keyRules(this.deps.config.current()));
      this.deps.registry.calledFor(live, canonical);
      return canonical;
    } catch {
      // A key that no session can have opens none.
      return undefined;
    }
  }

  /** The live node, when the policy lets the command through. */
  #allowed({ nodeId, command, internal }: NodeCall): LiveNode {
    const parts = this.deps.partsOf(nodeId);
    const { live } = parts;
    if (!live) throw unavailable("node not connected", { details: { code: "NOT_CONNECTED" }, retryable: true });
    if (APPROVALS.test(command) && internal !== true) {
      throw notAllowed("command not allowlisted", command, "use exec.approvals.node.get or exec.approvals.node.set");
    }
    const verdict = judge(command, policyFacts({ ...parts, live }));
    if (!verdict.ok) throw notAllowed(verdict.reason, command, verdict.sentence);
    return live;
  }

  async #settled(sent: Promise<NodeResult>, step: CanvasStep, { nodeId, command }: NodeCall): Promise<NodeResult> {
    try {
      const result = await sent;
      step.done();
      return result;
    } catch (error) {
      this.deps.log.info("node.invoke_failed", { nodeId, command, error });
      throw step.kept && error instanceof GatewayError ? withKept(error) : error;
    }
  }
}

const notAllowed = (reason: string, command: string, sentence: string): GatewayError =>
  invalid(`node command not allowed: ${sentence}`, { reason, command });

/** What was pushed is kept although the node did not take it: whoever reads the error must know. */
const withKept = ({ code, message, options }: GatewayError): GatewayError =>
  new GatewayError(code, `${message}; the surfaces are kept, and the node shows them when its canvas loads`, options);

function requireSmall(params: unknown): void {
  const text = params === undefined ? undefined : JSON.stringify(params);
  if (text !== undefined && Buffer.byteLength(text) > MAX_PARAMS_BYTES) {
    throw invalid(`Cannot call the node: params are larger than ${MAX_PARAMS_BYTES / 1024 / 1024} MiB`);
  }
}

/** The session that a command on the host reports to, as its caller named it. */
function sessionOf(command: string, params: unknown): string | undefined {
  if (command !== "system.run" || params === null || typeof params !== "object") return undefined;
  const key = "sessionKey" in params ? params.sessionKey : undefined;
  return typeof key === "string" && key !== "" ? key : undefined;
}
