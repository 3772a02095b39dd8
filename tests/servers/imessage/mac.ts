/**
 * A Mac for tests, written for this gateway from the published calls of imsg: an executable that speaks JSON-RPC over its
 * pipes, a message store, and faults on order. Strict: unknown keys, unknown chats and wrong requests are refused.
 */
import { type Program, serveProgram } from "./program.ts";
import { onlyKeys, readRequest, readSending, Refusal, type Request } from "./rules.ts";
import { createWorld, type MacChat, type MacMessage, shown, type World } from "./world.ts";

export const OTHER_SIDE = "our strict imsg (tests/servers/imessage)";

/** `lose`: carried out, and the program ends before the answer. `crash`: it ends before anything is done. */
export type Fault =
  | { readonly kind: "refuse"; readonly code: number; readonly message: string }
  | { readonly kind: "crash" | "lose" | "silence" }
  | { readonly kind: "slow"; readonly ms: number };

export interface Call {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly at: number;
}

export interface Mac extends AsyncDisposable {
  /** As `channels.imessage.cliPath`. */
  readonly cliPath: string;
  readonly world: World;
  readonly calls: readonly Call[];
  /** Every program that was started, the newest last. */
  readonly programs: readonly Program[];
  /** What the next programs do at their start, before they read anything. */
  onStart: ((program: Program) => void) | undefined;
  /** The echo of a send comes as somebody else's message, before the answer. */
  echoes: boolean;
  /** Whether `since_rowid` is known, as in newer versions. */
  catchesUp: boolean;
  /** Answers are held until so many wait, then given in reverse order. */
  reorder: number;
  fail(method: string, fault: Fault, times?: number): void;
  /** Somebody writes; every subscribed program says so. */
  say(chat: MacChat, sender: string, text: string, extra?: Readonly<Record<string, unknown>>): MacMessage;
  /** What we wrote into the chat, in order. */
  written(chat: MacChat): readonly string[];
  /** The newest program that still runs. */
  current(): Program;
  notify(method: string, params: unknown): void;
}

export async function startMac(): Promise<Mac> {
  const folder = await Deno.makeTempDir({ prefix: "imsg-" });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const cliPath = await writeProgram(folder, listener.addr.port);
  const world = createWorld();
  const calls: Call[] = [];
  const programs: Program[] = [];
  const watching = new Set<Program>();
  const faults = new Map<string, Fault[]>();
  const held: (() => void)[] = [];
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const links = new Set<Promise<void>>();

  const say = (program: Program, message: unknown): void =>
    program.out(JSON.stringify({ jsonrpc: "2.0", ...Object(message) }));
  const later = (ms: number, action: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      action();
    }, ms);
    timers.add(timer);
  };

  function answer(program: Program, reply: Record<string, unknown>): void {
    if (mac.reorder < 2) return say(program, reply);
    held.push(() => say(program, reply));
    if (held.length >= mac.reorder) { for (const each of held.splice(0).reverse()) each(); }
  }

  function hear(program: Program, line: string): void {
    let request: Request;
    try {
      request = readRequest(line);
    } catch (error) {
      return say(program, { id: null, error: errorOf(error) });
    }
    const { id, method, params } = request;
    calls.push({ method, params, at: Date.now() });
    const fault = faults.get(method)?.shift();
    if (fault?.kind === "silence") return;
    if (fault?.kind === "crash") return program.exit(9);
    if (fault?.kind === "refuse") return answer(program, { id, error: { code: fault.code, message: fault.message } });
    const act = (): void => {
      try {
        const result = carryOut(program, request);
        if (fault?.kind === "lose") return program.exit(9);
        answer(program, { id, result });
      } catch (error) {
        answer(program, { id, error: errorOf(error) });
      }
    };
    if (fault?.kind === "slow") later(fault.ms, act);
    else act();
  }

  function carryOut(program: Program, { method, params }: Request): unknown {
    switch (method) {
      case "chats.list":
        onlyKeys(params, ["limit"]);
        return { chats: world.chats.map(({ id, guid, name }) => ({ id, guid, name })) };
      case "watch.subscribe":
        return subscribe(program, params);
      case "watch.unsubscribe":
        watching.delete(program);
        return { ok: true };
      case "send": {
        const { chat, text } = readSending(params, world);
        const row = world.add({ chat, sender: mac.echoes ? chat.identifier : "", fromMe: true, text });
        tellAll({ ...shown(row), is_from_me: !mac.echoes, sender: mac.echoes ? chat.participants[0] : "me" });
        return { ok: true, guid: row.guid };
      }
      default:
        throw new Refusal(-32601, "Method not found");
    }
  }

  function subscribe(program: Program, params: Readonly<Record<string, unknown>>): unknown {
    onlyKeys(params, mac.catchesUp ? ["attachments", "since_rowid"] : ["attachments"]);
    watching.add(program);
    const since = params["since_rowid"];
    const missed = typeof since === "number" ? world.rows.filter(({ id }) => id > since) : [];
    for (const row of missed) say(program, { method: "message", params: { subscription: 1, message: shown(row) } });
    return { subscription: 1 };
  }

  function tellAll(message: Record<string, unknown>): void {
    for (const program of watching) say(program, { method: "message", params: { subscription: 1, message } });
  }

  const serving = (async () => {
    for await (const connection of listener) {
      const link = serveProgram(connection, {
        started(program) {
          programs.push(program);
          mac.onStart?.(program);
        },
        line: hear,
        ended: (program) => void watching.delete(program),
      }).finally(() => links.delete(link));
      links.add(link);
    }
  })().catch(() => {});

  const mac: Mac = {
    cliPath,
    world,
    calls,
    programs,
    onStart: undefined,
    echoes: false,
    catchesUp: true,
    reorder: 0,
    fail(method, fault, times = 1) {
      faults.set(method, [...faults.get(method) ?? [], ...Array.from({ length: times }, () => fault)]);
    },
    say(chat, sender, text, extra = {}) {
      const row = world.add({ chat, sender, fromMe: false, text, extra });
      tellAll(shown(row));
      return row;
    },
    written: (chat) => world.rows.filter((row) => row.chat === chat && row.fromMe).map(({ text }) => text),
    current() {
      const program = programs.findLast(({ gone }) => !gone);
      if (!program) throw new Error("Cannot find a running imsg");
      return program;
    },
    notify(method, params) {
      for (const program of watching) say(program, { method, params });
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      for (const program of programs) program.exit(0);
      listener.close();
      await serving;
      await Promise.all(links);
      await Deno.remove(folder, { recursive: true });
    },
  };
  return mac;
}

/** The executable: a shell script that becomes `imsg.ts`, because a permission names one program. */
async function writeProgram(folder: string, port: number): Promise<string> {
  const path = `${folder}/imsg`;
  const script = new URL("./imsg.ts", import.meta.url).pathname;
  const command = `exec '${Deno.execPath()}' run --quiet --no-config --no-lock --no-prompt --allow-env ` +
    `--allow-net=127.0.0.1:${port} '${script}' ${port} "$@"`;
  await Deno.writeTextFile(path, `#!/bin/sh\nDENO_DIR='${folder}/cache' ${command}\n`, { mode: 0o700 });
  return path;
}

const errorOf = (error: unknown): Record<string, unknown> =>
  error instanceof Refusal
    ? { code: error.code, message: error.message }
    : { code: -32603, message: `Internal error: ${error}` };
