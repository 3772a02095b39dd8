/** An account's life: start the program, wait until it can read the messages, subscribe, watch it, and again after its end. */
import { checker } from "../../schemas/validate.ts";
import { backoffMs, sleep } from "../runtime/pace.ts";
import type { ProviderContext, StateReport } from "../runtime/provider.ts";
import { type Child, startChild } from "./child.ts";
import { DISK_SENTENCE, ImsgRefusal, ImsgTrouble, isDenied } from "./errors.ts";
import type { Intake } from "./intake.ts";
import { createRpc, type Rpc } from "./rpc.ts";
import type { Settings } from "./settings.ts";
import { ChatsResult, ErrorParams } from "./wire.ts";

const SUBSCRIBE_MS = 30_000;
/** Lines of free text that are logged for one program; a flood of them says nothing more. */
const MAX_NOISE = 50;
const checkChats = checker(ChatsResult);
const checkError = checker(ErrorParams);

export interface ConnectionDeps {
  readonly context: ProviderContext;
  readonly settings: Settings;
  readonly intake: Intake;
  /** The way to the program while it is ready; undefined while it is not. */
  readonly onRpc: (rpc: Rpc | undefined) => void;
}

export interface Connection {
  run(): Promise<void>;
  /** Ends the present program; the account goes on with a new one. */
  renew(reason: string): void;
}

/** Something that a person must repair; trying again would not help. */
class Hopeless extends Error {
  constructor(readonly report: StateReport) {
    super(report.sentence);
  }
}

export function createConnection({ context, settings, intake, onRpc }: ConnectionDeps): Connection {
  const { signal, log, state } = context;
  let attempt = 0;
  let renew = (_reason: string): void => {};
  /** The present program has read the messages: what it prints about rights, such as to contacts, is then no obstacle. */
  let ready = false;

  /** One life of the program. Always rejects, unless the account stops. */
  async function session(): Promise<void> {
    const life = open(settings, {
      log,
      alive: context.alive,
      message: intake.take,
    });
    renew = life.fail;
    ready = false;
    try {
      await Promise.race([life.ended, serve(life.rpc)]);
    } catch (error) {
      throw hopelessOf(error, ready ? [] : life.noise()) ?? error;
    } finally {
      onRpc(undefined);
      life.rpc.close("imsg has ended");
      await life.child.end();
    }
  }

  async function serve(rpc: Rpc): Promise<void> {
    await chats(rpc, settings.probeMs);
    await subscribe(rpc);
    attempt = 0;
    ready = true;
    onRpc(rpc);
    context.alive();
    state({ state: "connected", sentence: "imsg reads the messages of this Mac", self: { program: settings.cliPath } });
    while (!signal.aborted) {
      await sleep(settings.healthEveryMs, signal);
      if (signal.aborted) return;
      // A program that is stuck keeps its pipes open: only an answer is a sign of life.
      await chats(rpc, settings.probeMs);
      context.alive();
    }
  }

  /** From the row after the last one that is safe; a version that cannot do that begins now, and it is said. */
  async function subscribe(rpc: Rpc): Promise<void> {
    const { lastRow } = intake;
    const params = { attachments: true };
    if (lastRow === undefined) return void await rpc.call("watch.subscribe", params, SUBSCRIBE_MS, signal);
    try {
      await rpc.call("watch.subscribe", { ...params, since_rowid: lastRow }, SUBSCRIBE_MS, signal);
    } catch (error) {
      if (!(error instanceof ImsgRefusal) || error.code !== -32602) throw error;
      log("warn", "imessage.no_catch_up", { reason: "this imsg cannot begin at an earlier message: update it" });
      await rpc.call("watch.subscribe", params, SUBSCRIBE_MS, signal);
    }
  }

  async function chats(rpc: Rpc, deadlineMs: number): Promise<void> {
    const answer = checkChats(await rpc.call("chats.list", { limit: 1 }, deadlineMs, signal));
    if (!answer.ok) throw new Error(`imsg does not speak the expected protocol: ${answer.error}`);
  }

  return {
    renew: (reason) => renew(reason),
    async run() {
      state({ state: "connecting", sentence: "Starting imsg; a large message store may take a minute" });
      while (!signal.aborted) {
        try {
          await session();
        } catch (error) {
          if (signal.aborted) return;
          if (error instanceof Hopeless) return state(error.report);
          const waitMs = backoffMs(settings.retry, ++attempt);
          const sentence = `${sentenceOf(error)}; starting it again`;
          state({ state: "reconnecting", sentence, attempt, retryInMs: waitMs });
          log("warn", "imessage.trouble", { reason: sentenceOf(error), attempt, waitMs });
          await sleep(waitMs, signal);
        }
      }
    },
  };
}

interface Life {
  readonly child: Child;
  readonly rpc: Rpc;
  /** Rejects when the program ends or `fail` is called. */
  readonly ended: Promise<never>;
  readonly fail: (reason: string) => void;
  /** The last lines of free text. */
  readonly noise: () => readonly string[];
}

interface LifeDeps extends Pick<ProviderContext, "log" | "alive"> {
  readonly message: (params: unknown) => void;
}

/** Throws Hopeless when the program cannot be started at all. */
function open(settings: Settings, { log, alive, message }: LifeDeps): Life {
  const last: string[] = [];
  let noises = 0;
  const { promise: ended, reject } = Promise.withResolvers<never>();
  ended.catch(() => {});
  const fail = (reason: string): void => reject(new ImsgTrouble("gone", reason, false));
  const noise = (text: string): void => {
    last.push(text.slice(0, 500));
    if (last.length > 20) last.shift();
    if (++noises <= MAX_NOISE) log("info", "imessage.said", { text: text.slice(0, 500) });
  };
  const child = spawn(settings, {
    line: (line) => rpc.take(line),
    noise,
    ended: (how) => {
      rpc.close(`imsg has ended (${how})`);
      const word = last.at(-1);
      fail(`imsg has ended (${how})${word === undefined ? "" : `: ${word.slice(0, 200)}`}`);
    },
  });
  const rpc: Rpc = createRpc({
    write: child.write,
    noise,
    notification(method, params) {
      alive();
      if (method === "message") return message(params);
      if (method !== "error") return log("debug", "imessage.notification_ignored", { method });
      const checked = checkError(params);
      const text = checked.ok ? checked.value.error?.message ?? checked.value.message ?? "no reason" : "no reason";
      noise(text);
      // The watch may be over: beginning again at the last safe row loses nothing.
      fail(`imsg cannot watch the messages: ${text.slice(0, 200)}`);
    },
  });
  return { child, rpc, ended, fail, noise: () => last };
}

function spawn(settings: Settings, events: Parameters<typeof startChild>[1]): Child {
  try {
    return startChild(settings, events);
  } catch (error) {
    throw new Hopeless(startFault(error, settings.cliPath));
  }
}

function startFault(error: unknown, path: string): StateReport {
  if (error instanceof Deno.errors.NotCapable) {
    const sentence = `This worker may not run ${path}: restart the gateway with the flags of its configuration`;
    return { state: "bad_credentials", sentence, userAction: "restart_gateway" };
  }
  const why = error instanceof Deno.errors.NotFound
    ? "there is no such program"
    : error instanceof Deno.errors.PermissionDenied
    ? "it is not executable"
    : "it cannot be started";
  const sentence = `Cannot run ${path}: ${why} (channels.imessage.cliPath)`;
  return { state: "bad_credentials", sentence, userAction: "fix_config" };
}

/** `noise`: what the program printed without ever becoming ready. */
function hopelessOf(error: unknown, noise: readonly string[]): Hopeless | undefined {
  if (error instanceof Hopeless) return error;
  const denied = (error instanceof ImsgRefusal && isDenied(error.message)) || noise.some(isDenied);
  if (!denied) return undefined;
  return new Hopeless({ state: "bad_credentials", sentence: DISK_SENTENCE, userAction: "restart_gateway" });
}

function sentenceOf(error: unknown): string {
  if (error instanceof ImsgRefusal) return `imsg refused: ${error.message.slice(0, 300)}`;
  return error instanceof Error ? error.message : String(error);
}
