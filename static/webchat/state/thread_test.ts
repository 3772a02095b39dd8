/** The thread under every order of events: history wins, overlays vanish, nothing shows twice. */
import assert from "node:assert/strict";
import { pickLanguage } from "../../page/language.ts";
import { ago, duration } from "../i18n/mod.ts";
import { en } from "../i18n/en.ts";
import { zh } from "../i18n/zh.ts";
import { emptyState, type State, threadOf } from "./model.ts";
import { readDevices, readEntry, readHistory, readSessions } from "./parse.ts";
import { type Action, reduce } from "./reducer.ts";
import { buildTurns } from "./turns.ts";

const KEY = "agent:main:main";
const start: State = { ...emptyState, current: KEY };
const play = (...actions: Action[]): State => actions.reduce(reduce, start);

const user = (seq: number, text: string, runId: string) => ({
  role: "user",
  content: [{ type: "text", text }],
  timestamp: seq,
  runId,
  __openclaw: { id: `m${seq}`, seq },
});
const said = (seq: number, text: string, runId: string, extra: Record<string, unknown> = {}) => ({
  role: "assistant",
  content: [{ type: "text", text }],
  timestamp: seq,
  runId,
  stopReason: "stop",
  ...extra,
  __openclaw: { id: `m${seq}`, seq },
});
const history = (messages: unknown[], inFlight: unknown[] = [], sessionId = "s1"): Action => ({
  type: "history",
  key: KEY,
  history: readHistory({ sessionId, messages, inFlight }),
});
const stored = (message: unknown): Action => {
  const entry = readEntry(message);
  assert.ok(entry);
  return { type: "stored", key: KEY, entry };
};
const word = (runId: string, seq: number, text: string): Action => ({
  type: "agent",
  key: KEY,
  payload: { runId, seq, ts: seq, stream: "assistant", data: { text, delta: "" } },
});
const tool = (runId: string, seq: number, data: Record<string, unknown>): Action => ({
  type: "agent",
  key: KEY,
  payload: { runId, seq, ts: seq * 1000, stream: "tool", data: { toolCallId: "t1", name: "time", ...data } },
});
const chat = (runId: string, seq: number, state: string, extra: Record<string, unknown> = {}): Action => ({
  type: "chat",
  key: KEY,
  payload: { runId, seq, state, ...extra },
});
const outgoing = (runId: string, text: string): Action => ({
  type: "outgoing",
  key: KEY,
  message: { runId, text, images: [], timestamp: 1, status: "sending", error: undefined, afterSeq: 0 },
});

/** The thread as lines: who said what, and how it stands. */
function lines(state: State): string[] {
  return buildTurns(threadOf(state, KEY)).map((turn) => {
    if (turn.kind === "system") return `system ${turn.text}`;
    if (turn.kind === "user") {
      const text = turn.parts.map((part) => part.type === "text" ? part.text : part.type).join("+");
      return `user ${text}${turn.outgoing ? ` [${turn.outgoing.status}]` : ""}${turn.queued ? " queued" : ""}`;
    }
    const blocks = turn.blocks.map((block) => block.type === "tool" ? `<${block.name} ${block.state}>` : block.text);
    return `agent ${turn.state}: ${blocks.join(" | ")}${turn.error ? ` !${turn.error}` : ""}`;
  });
}

Deno.test("A sent message is shown at once and once, whichever comes first: its answer or its stored copy", () => {
  const sent = [outgoing("r1", "hi")];
  assert.deepEqual(lines(play(...sent)), ["user hi [sending]"]);
  const accepted: Action = { type: "accepted", key: KEY, runId: "r1", done: false };
  assert.deepEqual(lines(play(...sent, accepted)), ["user hi [accepted] queued"]);
  const store = stored(user(1, "hi", "r1"));
  assert.deepEqual(lines(play(...sent, store, accepted)), ["user hi queued"]);
  assert.deepEqual(lines(play(...sent, accepted, store, word("r1", 2, "Yes"))), ["user hi", "agent streaming: Yes"]);
});

Deno.test("The stored answer takes the overlay's place in every order of the last events", () => {
  const before = [history([user(1, "hi", "r1")]), word("r1", 2, "Hel"), word("r1", 3, "Hello")];
  const last = [
    stored(said(2, "Hello", "r1")),
    chat("r1", 4, "final", { message: said(0, "Hello", "r1") }),
    word("r1", 3, "Hello"),
  ];
  for (const [a, b, c] of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] as const) {
    const order = [last[a], last[b], last[c]].filter((action) => action !== undefined);
    assert.deepEqual(lines(play(...before, ...order)), ["user hi", "agent done: Hello"], `${a}${b}${c}`);
  }
});

Deno.test("A run in flight after a reload shows what it said so far, and goes on from there", () => {
  const load = history([user(1, "hi", "r1")], [{ runId: "r1", state: "running", text: "one two", seq: 5 }]);
  assert.deepEqual(lines(play(load)), ["user hi", "agent streaming: one two"]);
  assert.deepEqual(lines(play(load, word("r1", 4, "one"))), ["user hi", "agent streaming: one two"]);
  assert.deepEqual(lines(play(load, word("r1", 6, "one two three"))), ["user hi", "agent streaming: one two three"]);
});

Deno.test("What a tool run said before the tool stays, once", () => {
  const call = said(2, "Let me look", "r1", {
    stopReason: "toolUse",
    content: [{ type: "text", text: "Let me look" }, { type: "toolCall", id: "t1", name: "time", arguments: {} }],
  });
  const result = {
    role: "toolResult",
    toolCallId: "t1",
    toolName: "time",
    content: [{ type: "text", text: "noon" }],
    isError: false,
    timestamp: 4,
    runId: "r1",
    __openclaw: { id: "m3", seq: 3 },
  };
  const live = [history([user(1, "hi", "r1")]), word("r1", 2, "Let me look"), tool("r1", 3, { phase: "start" })];
  assert.deepEqual(lines(play(...live)).at(-1), "agent streaming: Let me look | <time running>");
  const more = [
    ...live,
    stored(call),
    tool("r1", 4, { phase: "result", isError: false }),
    stored(result),
    word("r1", 5, "It is noon"),
  ];
  assert.deepEqual(lines(play(...more)).at(-1), "agent streaming: Let me look | <time done> | It is noon");
  const end = [
    ...more,
    chat("r1", 6, "final", { message: said(0, "It is noon", "r1") }),
    stored(said(4, "It is noon", "r1")),
  ];
  assert.deepEqual(lines(play(...end)).at(-1), "agent done: Let me look | <time done> | It is noon");
  const reloaded = history([user(1, "hi", "r1"), call, result], [{
    runId: "r1",
    state: "running",
    text: "It is",
    seq: 5,
  }]);
  assert.deepEqual(lines(play(reloaded)).at(-1), "agent streaming: Let me look | <time done> | It is");
});

Deno.test("Errors and stops stay visible whether or not the transcript knows them", () => {
  const base = [history([user(1, "hi", "r1")]), word("r1", 2, "Hal")];
  const failed = play(...base, chat("r1", 3, "error", { errorMessage: "no key" }));
  assert.deepEqual(lines(failed).at(-1), "agent error: Hal !no key");
  assert.deepEqual(lines(reduce(failed, history([user(1, "hi", "r1")]))).at(-1), "agent error: Hal !no key");
  const kept = said(2, "Hal", "r1", { stopReason: "error", errorMessage: "no key" });
  assert.deepEqual(lines(reduce(failed, history([user(1, "hi", "r1"), kept]))), [
    "user hi",
    "agent error: Hal !no key",
  ]);
  const stopped = play(...base, chat("r1", 3, "aborted", { stopReason: "rpc" }));
  assert.deepEqual(lines(stopped).at(-1), "agent stopped: Hal");
  const aborted = said(2, "Hal", "r1", { stopReason: "aborted", errorMessage: "The run was aborted" });
  assert.deepEqual(lines(reduce(stopped, stored(aborted))), ["user hi", "agent stopped: Hal"]);
});

Deno.test("A question sent meanwhile waits below the answer that is being given", () => {
  const state = play(
    history([user(1, "one", "r1"), user(2, "two", "r2")], [
      { runId: "r1", state: "running", text: "first", seq: 3 },
      { runId: "r2", state: "queued", text: "", seq: 0 },
    ]),
  );
  assert.deepEqual(lines(state), ["user one", "agent streaming: first", "user two queued"]);
});

Deno.test("History wins: what it does not know goes, older pages that join on stay", () => {
  const pages = play(
    history([user(3, "c", "r3"), said(4, "C", "r3")]),
    { type: "older", key: KEY, history: readHistory({ messages: [user(1, "a", "r1"), said(2, "A", "r1")] }) },
    history([user(3, "c", "r3"), said(4, "C", "r3")]),
  );
  assert.deepEqual(lines(pages), ["user a", "agent done: A", "user c", "agent done: C"]);
  assert.equal(threadOf(pages, KEY).hasMore, false);
  const hole = reduce(pages, history([user(9, "z", "r9")]));
  assert.deepEqual(lines(hole), ["user z"]);
  assert.equal(threadOf(hole, KEY).hasMore, true);
  const reset = reduce(pages, history([], [], "s2"));
  assert.deepEqual(lines(reset), []);
});

Deno.test("A refused message says so and can be discarded", () => {
  const state = play(outgoing("r1", "hi"), { type: "unsent", key: KEY, runId: "r1", error: "queue full" });
  assert.deepEqual(lines(state), ["user hi [failed]"]);
  assert.deepEqual(lines(reduce(state, { type: "discard", key: KEY, runId: "r1" })), []);
});

Deno.test("A finished command without a stored copy keeps its place", () => {
  const state = play(
    history([user(1, "a", "r1"), said(2, "A", "r1")]),
    {
      type: "outgoing",
      key: KEY,
      message: {
        runId: "c",
        text: "/status",
        images: [],
        timestamp: 3,
        status: "accepted",
        error: undefined,
        afterSeq: 2,
      },
    },
    history([user(1, "a", "r1"), said(2, "A", "r1"), said(3, "fine", "c")]),
  );
  assert.deepEqual(lines(state), ["user a", "agent done: A", "user /status [accepted]", "agent done: fine"]);
});

Deno.test("Leaving a thread drops its overlays, deleting one drops it whole", () => {
  const left = play(history([]), word("r1", 1, "x"), { type: "select", key: "agent:main:other" });
  assert.deepEqual(threadOf(left, KEY).runs, []);
  assert.equal(Object.keys(reduce(left, { type: "forget", key: KEY }).threads).length, 0);
});

Deno.test("Payloads are read with care", () => {
  assert.equal(readEntry({ role: "alien" }, { seq: 1 }), undefined);
  assert.deepEqual(readHistory(null), { sessionId: undefined, entries: [], inFlight: [], hasMore: false });
  const { rows, model } = readSessions({
    sessions: [{ key: "k", label: "L", updatedAt: 5, modelProvider: "p", model: "m", activeRunIds: ["r"] }, {}, 3],
    defaults: { model: "m" },
  });
  assert.deepEqual(rows.map((row) => [row.key, row.label, row.model, row.running]), [["k", "L", "p/m", true]]);
  assert.equal(model, "m");
  const devices = readDevices({
    pending: [{ requestId: "r", scopes: ["a"] }, {}],
    paired: [{ deviceId: "d".repeat(64) }],
  });
  assert.equal(devices.pending[0]?.requestId, "r");
  assert.equal(devices.paired[0]?.name, "dddddddd");
});

Deno.test("Both languages have the same words, and times are told in them", () => {
  assert.deepEqual(Object.keys(zh), Object.keys(en));
  assert.equal(zh.suggestions.length, en.suggestions.length);
  assert.equal(pickLanguage(undefined, "zh-TW"), "zh");
  assert.equal(pickLanguage("en", "zh-CN"), "en");
  assert.equal(pickLanguage(undefined, "fr"), "en");
  assert.equal(ago(en, 0, 5 * 60_000), "5 min. ago");
  assert.equal(duration(850), "850 ms");
  assert.equal(duration(65_000), "1 min 5 s");
});
