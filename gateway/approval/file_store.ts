/**
 * `exec-approvals.json`: read anew whenever it changed, written whole or not at all, mode 0600. A file that cannot be
 * used is never overwritten: it may hold rules that only a typing error hides. The headless node keeps its own by it.
 */
import { createHash } from "node:crypto";
import { invalid } from "../../schemas/error.ts";
import { type AllowlistEntry, ExecApprovalsFile, type ExecApprovalsSnapshot } from "../../schemas/method/approvals.ts";
import type { Static } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import { replaceFileSync } from "../config/atomic_write.ts";
import { type Clock, uuid } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { agentOf, type AllowlistHit } from "./allowlist.ts";
import type { ExecApprovalsStore } from "./types.ts";

type Entry = Static<typeof AllowlistEntry>;

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_ENTRIES = 2_000;
const MAX_LAST_COMMAND = 500;
/** Uses are collected for so long: a busy agent must not cost a write of the file for each command. */
const USES_MS = 2_000;

const check = checker(ExecApprovalsFile);

/** What is written beside an entry when it was used. */
export interface Use {
  readonly command: string;
  readonly resolvedPath?: string | undefined;
}

export interface ApprovalsFile extends ExecApprovalsStore {
  /** The rules as they are now; empty ones when there is no file. Throws INVALID_REQUEST when it cannot be used. */
  read(): ExecApprovalsFile;
  /** Adds a pattern to an agent's allow list, or marks the one that is there as used. Throws like `read`. */
  remember(agentId: string, pattern: string, use: Use): void;
  /** An entry allowed a command. Written down a little later; never throws. */
  used(hit: AllowlistHit, use: Use): void;
  /** Writes down what `used` collected. Never throws. */
  flush(): void;
}

export interface FileDeps {
  /** Absolute. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

interface Loaded {
  readonly exists: boolean;
  /** sha256 of the raw text, in hexadecimal. */
  readonly hash: string;
  readonly file: ExecApprovalsFile;
}

const RELOAD = "re-run exec.approvals.get and retry";

export function createApprovalsFile({ path, clock, log }: FileDeps): ApprovalsFile {
  const uses = new Map<string, readonly [AllowlistHit, Use]>();
  let cache: { readonly stamp: string; readonly file: ExecApprovalsFile } | undefined;
  let cancel: (() => void) | undefined;

  const write = (file: ExecApprovalsFile): void => {
    cache = undefined;
    try {
      replaceFileSync(path, `${JSON.stringify(file, null, 2)}\n`);
    } catch (error) {
      throw unusable(path, error, "write");
    }
  };
  const snapshot = (): ExecApprovalsSnapshot => {
    const { exists, hash, file } = load(path);
    return { path, exists, hash, file: withoutToken(file) };
  };
  const flush = (): void => {
    cancel?.();
    cancel = undefined;
    if (uses.size === 0) return;
    const collected = [...uses.values()];
    uses.clear();
    try {
      const before = load(path).file;
      const after = collected.reduce((file, [hit, use]) => marked(file, hit, use, clock.now()), before);
      if (after !== before) write(after);
    } catch (error) {
      log.warn("approvals.use_not_written", { path, error });
    }
  };

  return {
    get: () => settled(snapshot),
    set: (file, baseHash) =>
      settled(() => {
        const before = load(path);
        if (before.exists && baseHash === undefined) throw invalid(`exec approvals base hash required; ${RELOAD}`);
        if (baseHash !== undefined && baseHash !== before.hash) {
          throw invalid(`exec approvals changed since last load; ${RELOAD}`);
        }
        write(withToken(file, before.file));
        return snapshot();
      }),
    read() {
      const stamp = stampOf(path);
      if (cache === undefined || cache.stamp !== stamp) cache = { stamp, file: load(path).file };
      return cache.file;
    },
    remember: (agentId, pattern, use) => write(added(load(path).file, { agentId, pattern }, use, clock.now())),
    used(hit, use) {
      uses.set(JSON.stringify([hit.agentId, hit.pattern]), [hit, use]);
      cancel ??= clock.after(USES_MS, flush);
    },
    flush,
  };
}

/** Synchronous inside, so that nothing comes between the look at the file and its replacement. */
const settled = <T>(action: () => T): Promise<T> => Promise.try(action);

function load(path: string): Loaded {
  let raw: string;
  try {
    const { size, isFile } = Deno.statSync(path);
    if (!isFile) throw new Error("it is no file");
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, ${MAX_BYTES} are the most`);
    raw = Deno.readTextFileSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw unusable(path, error, "read");
    return { exists: false, hash: sha256(""), file: { version: 1, agents: {} } };
  }
  return { exists: true, hash: sha256(raw), file: parsed(path, raw) };
}

function parsed(path: string, raw: string): ExecApprovalsFile {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch (error) {
    throw unusable(path, error, "read");
  }
  const checked = check(value);
  if (!checked.ok) throw unusable(path, new Error(checked.error), "read");
  return checked.value;
}

function unusable(path: string, cause: unknown, verb: "read" | "write") {
  const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
  const next = verb === "read"
    ? "Correct it, or move it away to begin with an empty one"
    : "Give this process the right to write it";
  return invalid(`Cannot ${verb} "${path}": ${reason}. It was left as it is. ${next}`);
}

/** Changes whenever the file was replaced or written. */
function stampOf(path: string): string {
  try {
    const { ino, size, mtime, ctime } = Deno.statSync(path);
    return [ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "none";
    throw unusable(path, error, "read");
  }
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The token opens the socket of a companion app: it stays here. */
function withoutToken({ socket, ...file }: ExecApprovalsFile): ExecApprovalsFile {
  const { token: _, ...rest } = socket ?? {};
  return socket === undefined ? file : { ...file, socket: rest };
}

/** Who writes the file back has never seen the token: the one that stands in the file stays. */
function withToken(file: ExecApprovalsFile, before: ExecApprovalsFile): ExecApprovalsFile {
  const token = file.socket?.token || before.socket?.token;
  const socket = { ...before.socket, ...file.socket, ...(token === undefined ? {} : { token }) };
  return Object.keys(socket).length === 0 ? file : { ...file, socket };
}

function added(file: ExecApprovalsFile, hit: AllowlistHit, use: Use, now: number): ExecApprovalsFile {
  const list = agentOf(file, hit.agentId)?.allowlist ?? [];
  if (list.some(({ pattern }) => pattern === hit.pattern)) return marked(file, hit, use, now);
  if (list.length >= MAX_ENTRIES) {
    throw invalid(`Cannot allow "${hit.pattern}" always: the allow list holds ${MAX_ENTRIES} entries`);
  }
  return withList(file, hit.agentId, [...list, { id: uuid(), ...usedEntry({ pattern: hit.pattern }, use, now) }]);
}

/** The same file when the entry is not there any more. */
function marked(file: ExecApprovalsFile, hit: AllowlistHit, use: Use, now: number): ExecApprovalsFile {
  const list = agentOf(file, hit.agentId)?.allowlist ?? [];
  if (!list.some(({ pattern }) => pattern === hit.pattern)) return file;
  return withList(
    file,
    hit.agentId,
    list.map((entry) => entry.pattern === hit.pattern ? usedEntry(entry, use, now) : entry),
  );
}

const usedEntry = (entry: Entry, { command, resolvedPath }: Use, now: number): Entry => ({
  ...entry,
  lastUsedAt: now,
  lastUsedCommand: command.slice(0, MAX_LAST_COMMAND).toWellFormed(),
  ...(resolvedPath === undefined ? {} : { lastResolvedPath: resolvedPath }),
});

const withList = (file: ExecApprovalsFile, agentId: string, allowlist: Entry[]): ExecApprovalsFile => ({
  ...file,
  agents: Object.fromEntries([
    ...Object.entries(file.agents ?? {}).filter(([id]) => id !== agentId),
    [agentId, { ...agentOf(file, agentId), allowlist }],
  ]),
});
