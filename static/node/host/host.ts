/** Answers node.invoke.request: one answer for each call, in time, and never larger than the wire takes. */
import { fields, number, word } from "../../client/read.ts";
import type { Ability } from "../state/model.ts";
import { asFailure, invalid, type NodeFailure, unavailable } from "./failure.ts";
import { type Handle, Jobs } from "./jobs.ts";
import { Params } from "./params.ts";
import { abortable } from "./queue.ts";

/** A call while it runs. */
export interface Call {
  readonly command: string;
  /** Aborted with a NodeFailure: deadline, Stop, a switch, a lost connection. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline. */
  remaining(): number;
  /** Puts it on the page as something that runs. */
  show(ability: Ability): Handle;
}

export interface Command {
  /** Whose switch decides; undefined for what needs none. */
  readonly ability: Ability | undefined;
  /** Checks the parameters, throws INVALID_REQUEST; what it returns does the work. */
  prepare(params: Params): (call: Call) => Promise<unknown>;
}

export interface HostDeps {
  readonly commands: Readonly<Record<string, Command>>;
  readonly jobs: Jobs;
  /** The reason why an ability cannot be used now. */
  refusal(ability: Ability): NodeFailure | undefined;
  request(method: string, params: unknown, deadlineMs: number): Promise<unknown>;
  now(): number;
}

/** The gateway's own default. */
const DEFAULT_MS = 30_000;
const MAX_MS = 600_000;
/** The answer has to reach the gateway before it gives up. */
const RESERVE_MS = 250;
const MAX_CALLS = 32;
/** Text of one result; a frame holds 25 MiB at most. */
export const MAX_RESULT_CHARS = 20 << 20;
const ANSWER_MS = 60_000;

export class Host {
  readonly #calls = new Map<string, AbortController>();

  constructor(private readonly deps: HostDeps) {}

  /** The payload of node.invoke.request. A repeat of a call that runs is ignored: its answer comes. */
  receive(payload: unknown): void {
    const request = fields(payload);
    const id = word(request["id"]);
    const nodeId = word(request["nodeId"]);
    if (id === undefined || nodeId === undefined || this.#calls.has(id)) return;
    void this.#perform(request, id).then(
      (result) => this.#answer(id, nodeId, result),
      (error: unknown) => this.#refuse(id, nodeId, asFailure(error)),
    );
  }

  /** The connection is gone, and with it whoever waits for these calls. */
  disconnected(): void {
    for (const abort of this.#calls.values()) abort.abort(unavailable("the connection to the gateway was lost"));
  }

  async #perform(request: Readonly<Record<string, unknown>>, id: string): Promise<string> {
    const { commands, refusal } = this.deps;
    const name = word(request["command"]) ?? "";
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) throw invalid(`this device has no command "${name.slice(0, 128)}"`);
    const work = command.prepare(Params.parse(request["paramsJSON"]));
    const refused = command.ability === undefined ? undefined : refusal(command.ability);
    if (refused) throw refused;
    if (this.#calls.size >= MAX_CALLS) throw unavailable(`${MAX_CALLS} calls run on this device already`);
    const text = JSON.stringify(await this.#inTime(id, name, number(request["timeoutMs"]), work) ?? {});
    if (text.length > MAX_RESULT_CHARS) {
      throw unavailable(`the result has ${text.length} characters and at most ${MAX_RESULT_CHARS} can be sent`);
    }
    return text;
  }

  async #inTime(
    id: string,
    command: string,
    timeoutMs: number | undefined,
    work: (call: Call) => Promise<unknown>,
  ): Promise<unknown> {
    const { jobs, now } = this.deps;
    const abort = new AbortController();
    const { signal } = abort;
    const lastsMs = Math.min(MAX_MS, timeoutMs || DEFAULT_MS);
    const endsAt = now() + Math.max(0, lastsMs - RESERVE_MS);
    const timer = setTimeout(() => abort.abort(unavailable(`not finished in ${lastsMs} ms`)), endsAt - now());
    const handles: Handle[] = [];
    const show = (ability: Ability): Handle => {
      const handle = jobs.begin(ability, command, abort);
      handles.push(handle);
      return handle;
    };
    this.#calls.set(id, abort);
    try {
      return await abortable(work({ command, signal, remaining: () => Math.max(0, endsAt - now()), show }), signal);
    } finally {
      clearTimeout(timer);
      for (const handle of handles) handle.end();
      this.#calls.delete(id);
    }
  }

  #answer(id: string, nodeId: string, payloadJSON: string): void {
    this.#send({ id, nodeId, ok: true, payloadJSON });
  }

  #refuse(id: string, nodeId: string, { code, message }: NodeFailure): void {
    this.#send({ id, nodeId, ok: false, error: { code, message } });
  }

  /** Without a connection there is nobody to tell: the gateway has failed the call when the socket closed. */
  #send(params: unknown): void {
    this.deps.request("node.invoke.result", params, ANSWER_MS).catch(() => undefined);
  }
}
