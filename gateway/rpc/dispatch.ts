/** From a request frame to its answer: look up, authorise, check, deduplicate, run with a deadline, reply. */
import { CLOSE } from "../../schemas/close_code.ts";
import { GatewayError, invalid, unavailable } from "../../schemas/error.ts";
import type { RequestFrame } from "../../schemas/frame.ts";
import { type Checker, checker } from "../../schemas/validate.ts";
import { permits } from "../auth/grant.ts";
import type { Connection, FrameHandler } from "../connection/connection.ts";
import { uuid } from "../observe/clock.ts";
import { RawJson } from "../raw_json.ts";
import type { Dedupe } from "./dedupe.ts";
import type { Call, MethodDef } from "./define.ts";
import type { Services } from "./services.ts";

/** Calls of one connection that may wait for their answer; more are refused, so that no client fills the memory. */
export const MAX_IN_FLIGHT = 512;
const MAX_REFUSALS = 10;

interface Entry {
  readonly def: MethodDef;
  readonly params: Checker<unknown>;
  readonly result: Checker<unknown>;
}

export interface DispatchOptions {
  readonly services: Services;
  readonly dedupe: Dedupe;
  readonly methods: readonly MethodDef[];
  /** Aborted when the gateway stops. */
  readonly stopping: AbortSignal;
  /** Checks every result against its schema before it is sent; for tests and development. */
  readonly strict: boolean;
}

export class Dispatcher implements FrameHandler {
  readonly #table = new Map<string, Entry>();
  constructor(private readonly options: DispatchOptions) {
    for (const def of options.methods) {
      this.#table.set(def.name, { def, params: checker(def.params), result: checker(def.result) });
    }
  }

  request(connection: Connection, frame: RequestFrame): void {
    const { id } = frame;
    try {
      const entry = this.#authorise(connection, frame.method);
      const params = frame.params ?? {};
      if (!entry.params.is(params)) this.#refuseParams(entry, params);
      if (connection.inFlight >= MAX_IN_FLIGHT) {
        throw unavailable("Cannot take the request: too many are waiting for their answer", { retryable: true });
      }
      this.#run(connection, id, entry, params);
    } catch (error) {
      this.#fail(connection, id, frame.method, error);
    }
  }

  #authorise(connection: Connection, method: string): Entry {
    if (method === "connect") throw invalid("connect is only valid as the first request");
    const entry = this.#table.get(method);
    const { role } = connection.grant;
    const access = entry?.def.access;
    if ((role === "node" && access !== "node" && access !== "any") || (role !== "node" && access === "node")) {
      this.#countRefusal(connection);
      throw invalid(`unauthorized role: ${role}`);
    }
    if (!entry || access === undefined) throw invalid(`unknown method: ${method}`);
    if (permits(connection.grant, access)) return entry;
    const details = { code: "MISSING_SCOPE", missingScope: access, requiredScopes: [access] };
    throw new GatewayError(connection.protocol === 3 ? "INVALID_REQUEST" : "FORBIDDEN", `missing scope: ${access}`, {
      details,
    });
  }

  #countRefusal(connection: Connection): void {
    if (++connection.refusals <= MAX_REFUSALS) return;
    connection.close(CLOSE.unauthorizedCalls.code, CLOSE.unauthorizedCalls.reason);
  }

  #refuseParams(entry: Entry, params: unknown): never {
    const checked = entry.params(params);
    throw invalid(`invalid ${entry.def.name} params: ${checked.ok ? "unknown" : checked.error}`);
  }

  #run(connection: Connection, id: string, entry: Entry, params: unknown): void {
    const call = new RunningCall(connection, id, params, this.options.stopping);
    const invoke = () => entry.def.handle(call, this.options.services);
    const key = entry.def.idempotency === "shared" ? idempotencyKey(params) : undefined;
    const result = key === undefined
      ? invoke()
      : this.options.dedupe.once({ method: entry.def.name, principal: connection.principal, key }, invoke);
    if (!(result instanceof Promise)) return this.#reply(connection, id, entry, result);
    connection.inFlight++;
    call.bounded(result, entry.def.deadlineMs, entry.def.name)
      .then((value) => this.#reply(connection, id, entry, value))
      .catch((error) => this.#fail(connection, id, entry.def.name, error))
      .finally(() => connection.inFlight--);
  }

  #reply(connection: Connection, id: string, entry: Entry, value: unknown): void {
    if (this.options.strict && !(value instanceof RawJson)) {
      const checked = entry.result(JSON.parse(JSON.stringify(value ?? null)));
      if (!checked.ok) throw new Error(`Cannot answer "${entry.def.name}": ${checked.error}`);
    }
    connection.respond(id, value);
  }

  /** What a handler throws on purpose goes out as it is; anything else is logged and named by a log id. */
  #fail(connection: Connection, id: string, method: string, error: unknown): void {
    if (error instanceof GatewayError) return connection.fail(id, error.shape(), error.options.payload);
    const logId = uuid();
    const stack = error instanceof Error ? error.stack : undefined;
    this.options.services.log.error("rpc.failed", { method, logId, error, stack });
    connection.fail(id, {
      code: "UNAVAILABLE",
      message: `Cannot complete "${method}": internal error, log id ${logId}`,
    });
  }
}

/** A dry run has no effect, so its answer must not stand for the real call that follows with the same key. */
function idempotencyKey(params: unknown): string | undefined {
  if (params === null || typeof params !== "object" || !("idempotencyKey" in params)) return undefined;
  if ("dryRun" in params && params.dryRun === true) return undefined;
  return typeof params.idempotencyKey === "string" ? params.idempotencyKey : undefined;
}

class RunningCall implements Call<unknown> {
  #abort: AbortController | undefined;
  constructor(
    readonly client: Connection,
    private readonly id: string,
    readonly params: unknown,
    private readonly stopping: AbortSignal,
  ) {}

  /** Made on demand: most calls answer at once and never look at it. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    return AbortSignal.any([this.#abort.signal, this.stopping]);
  }

  /** A property, not a method, so that handlers may take it apart from the call. */
  readonly respond = (payload: unknown): void => this.client.respond(this.id, payload);

  /** The result, or an error at the deadline. */
  bounded(result: Promise<unknown>, deadlineMs: number, method: string): Promise<unknown> {
    if (deadlineMs === 0) return result;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#abort?.abort();
        reject(unavailable(`Cannot complete "${method}": no answer within ${deadlineMs} ms`, { retryable: true }));
      }, deadlineMs);
      result.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}
