/** The body of every channel worker: takes main's commands, runs one provider, ends in order. */
import { ChannelCommand, ChannelReport } from "../../schemas/worker/channel.ts";
import { messageChecker } from "../../schemas/worker/runtime.ts";
import { type Asks, createAsks } from "./asks.ts";
import { createInboundWindow, type InboundWindow } from "./inbound_window.ts";
import { errorOf, type Operation, perform } from "./operations.ts";
import { openWorkerPort } from "./port.ts";
import { type CreateProvider, type Provider, type ProviderContext, ProviderError } from "./provider.ts";
import { hideSecrets, scrub, scrubAll } from "./scrub.ts";
import { transport } from "./transport.ts";

/** Operations at once; more are refused before anything was sent. */
const MAX_OPERATIONS = 256;
/** How long a stop waits for operations under way, so that their outcome is known. */
const FINISH_MS = 2_000;
/** How long the provider may take to leave its platform. */
const DISCONNECT_MS = 5_000;
/** Signs of life that main hears of, at most one in this time. */
const ALIVE_EVERY_MS = 1_000;

type Post = (report: ChannelReport, transfer?: Transferable[]) => string | undefined;
type Start = Extract<ChannelCommand, { type: "start" }>;

/**
 * Serves the channel contract, as a Web Worker or as a process. Call once, at the end of the worker's entry. The provider
 * is made when main sends `start`; what it throws then ends the worker, a ProviderError becomes a state.
 */
export function runChannelWorker(createProvider: CreateProvider): void {
  const checkReport = messageChecker(ChannelReport);
  const post: Post = (report, transfer) => {
    const checked = checkReport(report);
    if (!checked.ok) return checked.error;
    port.post(report, transfer);
    return undefined;
  };
  const stop = new AbortController();
  const asks = createAsks(post);
  const inbound = createInboundWindow(post);
  const running = new Set<Promise<void>>();
  let provider: Promise<Provider | undefined> | undefined;
  let stopping = false;

  function start(command: Start): void {
    if (provider) return;
    hideSecrets(Object.values(command.secrets));
    const context = createContext({ command, signal: stop.signal, asks, inbound, post });
    provider = create(createProvider, context);
    provider.then((made) => {
      if (!stopping) made?.connect();
    });
  }

  function operate(operation: Operation): void {
    if (!provider || stopping || running.size >= MAX_OPERATIONS) {
      const reason = stopping
        ? "the account stops"
        : provider
        ? "too many operations wait"
        : "the account has not started";
      return void post({
        type: "failed",
        op: operation.op,
        error: {
          code: "unreachable",
          message: `Cannot run ${operation.type}: ${reason}`,
          retryable: true,
          outcome: "not_sent",
        },
      });
    }
    const work = answer(provider, operation, stop.signal, post).finally(() => running.delete(work));
    running.add(work);
  }

  async function end(reason: string): Promise<void> {
    if (stopping) return;
    stopping = true;
    await Promise.race([Promise.allSettled(running), pause(FINISH_MS)]);
    stop.abort();
    inbound.close("the account stops");
    const leave = async () => await (await provider)?.disconnect(reason);
    await Promise.race([leave(), pause(DISCONNECT_MS)]).catch((error: unknown) => {
      post({ type: "log", level: "warn", event: "provider.disconnect_failed", fields: logFields({ error }) });
    });
    // After disconnect: a provider may save its keys while it leaves.
    asks.close("the account has stopped");
    post({ type: "stopped", reason });
    transport.close();
  }

  const port = openWorkerPort<ChannelCommand, ChannelReport>(messageChecker(ChannelCommand), (command) => {
    switch (command.type) {
      case "start":
        return start(command);
      case "stop":
        return void end(command.reason);
      case "inbound.ack":
        return inbound.ack(command.seq);
      case "store.rows":
      case "done":
      case "refused":
        return asks.take(command);
      case "ping":
        return;
      default:
        return operate(command);
    }
  });
  port.post({ type: "ready" });
}

/** A provider that cannot start for a reason it knows reports a state; any other error is a crash. */
async function create(createProvider: CreateProvider, context: ProviderContext): Promise<Provider | undefined> {
  try {
    return await createProvider(context);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const { code, message, platformCode } = error.error;
    context.state({
      state: code === "conflict" ? "conflict" : "bad_credentials",
      sentence: message,
      userAction: code === "unauthorized" ? "set_token" : "fix_config",
      ...(platformCode === undefined ? {} : { platformCode }),
    });
    return undefined;
  }
}

async function answer(
  provider: Promise<Provider | undefined>,
  operation: Operation,
  signal: AbortSignal,
  post: Post,
): Promise<void> {
  const { op, type } = operation;
  try {
    const made = await provider;
    if (!made) {
      const message = "The account could not start";
      throw new ProviderError({ code: "unreachable", message, retryable: false, outcome: "not_sent" });
    }
    const value = await perform(made, operation, signal);
    if (value.kind !== "media") {
      const error = post({ type: "reply", op, value });
      if (error !== undefined) throw new Error(`Cannot report the result of ${type}: ${error}`);
      return;
    }
    // A view into a pool must not take the pool along; a whole buffer is moved, not copied.
    const whole = value.data.byteLength === value.data.buffer.byteLength && value.data.constructor === Uint8Array;
    const data = whole ? value.data : new Uint8Array(value.data);
    const error = post({ type: "reply", op, value: { ...value, data } }, [data.buffer]);
    if (error !== undefined) throw new Error(`Cannot report an attachment: ${error}`);
  } catch (thrown) {
    const error = post({ type: "failed", op, error: errorOf(type, thrown) });
    if (error === undefined) return;
    // A provider that breaks the error contract still has to answer.
    post({ type: "failed", op, error: errorOf(type, new Error(`the provider reported a malformed error: ${error}`)) });
  }
}

interface ContextParts {
  readonly command: Start;
  readonly signal: AbortSignal;
  readonly asks: Asks;
  readonly inbound: InboundWindow;
  readonly post: Post;
}

function createContext({ command, signal, asks, inbound, post }: ContextParts): ProviderContext {
  let lastAlive = 0;
  const log: ProviderContext["log"] = (level, event, fields = {}) => {
    post({ type: "log", level, event: event || "provider.log", fields: logFields(fields) });
  };
  const told = (what: string, error: string | undefined): void => {
    if (error !== undefined) log("warn", "worker.report.malformed", { what, error });
  };
  return {
    accountId: command.accountId,
    config: command.config,
    secrets: command.secrets,
    saved: command.saved,
    signal,
    store: {
      async get(kind, ids) {
        const answer = await asks.ask({ type: "store.get", kind, ids: [...ids] });
        const rows = answer.type === "store.rows" ? answer.rows[kind] ?? {} : {};
        return Object.fromEntries(Object.entries(rows).flatMap(([id, value]) => value === null ? [] : [[id, value]]));
      },
      set: async (rows) => void await asks.ask({ type: "store.set", rows }),
      clear: async () => void await asks.ask({ type: "store.clear" }),
    },
    state: (report) =>
      told("state", post({ type: "state", ...report, sentence: scrub(report.sentence) || report.state })),
    alive() {
      const now = performance.now();
      if (lastAlive !== 0 && now - lastAlive < ALIVE_EVERY_MS) return;
      lastAlive = now;
      post({ type: "alive" });
    },
    inbound: (event) => inbound.push(event),
    mark: ({ chatId, messageId, mark, at }) =>
      told("mark", post({ type: "mark", chat: { id: chatId, kind: "direct" }, messageId, mark, at })),
    loginStep: (step) => told("login.step", post({ type: "login.step", step })),
    save: async (saved) => void await asks.ask({ type: "state.save", saved }),
    log,
  };
}

/** Plain JSON without secrets; what cannot be written is left out. */
function logFields(fields: Record<string, unknown>): Record<string, unknown> {
  try {
    const plain: unknown = JSON.parse(JSON.stringify(scrubAll(fields)));
    return typeof plain === "object" && plain !== null ? { ...plain } : {};
  } catch {
    return { fields: "unreadable" };
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
