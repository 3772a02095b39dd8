/**
 * 300 messages over three platforms while the gateway is killed at 30 random moments, then while each worker is. Every
 * message is processed once; what the chats show afterwards is what the platform's abilities and the owner's policy allow.
 * The far side is our own fake platform: this proves the gateway, no provider.
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { FakeModel } from "../helpers/fake_model.ts";
import { ROOT, TestGateway } from "../helpers/gateway.ts";
import { print } from "../helpers/print.ts";
import { cat } from "../helpers/process_facts.ts";
import { eventually, pause } from "../helpers/wait.ts";
import { type FakePlatform, startFakePlatform } from "../servers/fake/platform.ts";

const MESSAGES = 300;
const KILLS = 30;
const CHATS = 25;
const SETTLE_MS = 90_000;
/** A life in which nothing is left to do ends, too. */
const PATIENCE_MS = 3_000;

/** A small generator with a fixed seed, so that the moments are the same each time. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const KINDS = ["keyed", "hold", "resend"] as const;
type Kind = typeof KINDS[number];
type Platforms = Readonly<Record<Kind, FakePlatform>>;

/** `isolation` of the account that holds; the others are threads. */
function configOf(platforms: Platforms, model: FakeModel, isolation: "worker" | "process"): Record<string, unknown> {
  const open = { dmPolicy: "open", allowFrom: ["*"], retryMs: 20 };
  return {
    ...model.config(),
    session: { dmScope: "per-account-channel-peer" },
    messages: { queue: { mode: "followup", debounceMs: 0, cap: 100 } },
    channels: {
      keyed: { ...open, url: platforms.keyed.url },
      plain: {
        ...open,
        accounts: {
          hold: { url: platforms.hold.url, isolation },
          resend: { url: platforms.resend.url, delivery: { unknown: "resend" } },
        },
      },
    },
  };
}

interface Setting {
  readonly platforms: Platforms;
  readonly gateway: TestGateway;
  readonly next: () => number;
  /** Lets people write so many more messages, some of them delivered twice by their platform. */
  readonly say: (count: number) => void;
}

/** Some answers come slowly, so that the platform with edits shows a draft of them first. */
const nameOf = (number: number): string =>
  `n${number}-${KINDS[number % KINDS.length]}${number % 12 === 0 ? "-slow" : ""}`;

async function withSetting(
  seed: number,
  isolation: "worker" | "process",
  use: (setting: Setting) => Promise<void>,
): Promise<void> {
  const next = random(seed);
  const delayMs = () => Math.floor(next() * 300);
  await using model = await FakeModel.start();
  await using keyed = startFakePlatform({ idempotent: true, delayMs });
  await using hold = startFakePlatform({ delayMs });
  await using resend = startFakePlatform({ delayMs });
  const platforms = { keyed, hold, resend };
  await using gateway = await TestGateway.start({
    main: `${ROOT}tests/delivery/crash_main.ts`,
    config: configOf(platforms, model, isolation),
  });
  let said = 0;
  const say = (count: number): void => {
    for (const end = Math.min(said + count, MESSAGES); said < end; said++) {
      const platform = platforms[KINDS[said % KINDS.length] ?? "keyed"];
      const chatId = `chat${Math.floor(said / KINDS.length) % CHATS}`;
      const from = { chatId, senderId: chatId, key: nameOf(said) };
      platform.say(`echo:${nameOf(said)}`, from);
      if (next() < 0.1) platform.say(`echo:${nameOf(said)}`, from);
    }
  };
  await use({ platforms, gateway, next, say });
}

/**
 * Ten more messages, then so many steps of them that nobody knows where each one stands: mostly answers, sometimes
 * arrivals alone. Counted in steps and not in time, so that a slow machine does not end up killing a gateway again and
 * again that has not begun to work; a run that was begun ten times is given up with a word to the chat.
 */
async function randomMoment({ platforms, next, say }: Setting): Promise<void> {
  const step = next() < 0.2 ? "acked" : "send";
  const steps = () => KINDS.flatMap((kind) => platforms[kind].calls).filter(({ at }) => at === step).length;
  const before = steps();
  const most = 1 + Math.floor(next() * 16);
  say(5);
  await eventually("some steps", () => steps() - before >= Math.floor(most / 2), PATIENCE_MS).catch(() => {});
  say(5);
  await eventually("more steps", () => steps() - before >= most, PATIENCE_MS).catch(() => {});
  await pause(next() * 60);
}

/** Waits until nothing is on its way any more, in either direction. */
async function settled({ gateway, platforms }: Setting): Promise<void> {
  await eventually(
    "the last acknowledgement",
    () => KINDS.every((kind) => platforms[kind].unacknowledged().length === 0),
    SETTLE_MS,
  );
  const query = "SELECT (SELECT COUNT(*) FROM inbox WHERE state IN ('received', 'accepted')) + " +
    "(SELECT COUNT(*) FROM outbox WHERE state IN ('queued', 'attempting') AND class <> 'draft') AS open";
  await eventually("the last answer", () => read(gateway, query)[0]?.["open"] === 0, SETTLE_MS).catch((error) => {
    const states = read(gateway, "SELECT state, error, COUNT(*) AS n FROM outbox GROUP BY 1, 2");
    const inbox = read(gateway, "SELECT state, COUNT(*) AS n FROM inbox GROUP BY 1");
    throw new Error(`${error.message}\n${JSON.stringify({ states, inbox })}\n${gateway.output.slice(-3_000)}`);
  });
}

function read(gateway: TestGateway, sql: string): Record<string, unknown>[] {
  const db = new DatabaseSync(`${gateway.stateDir}/gateway.sqlite`, { readOnly: true });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

/** What became of one reply. */
interface Reply {
  readonly kind: Kind;
  readonly name: string;
  readonly copies: number;
  readonly state: string;
  readonly possibleDuplicate: boolean;
  readonly id: string;
}

function repliesOf({ gateway, platforms }: Setting): Reply[] {
  const rows = read(
    gateway,
    "SELECT id, state, possible_duplicate, json_extract(message, '$.text') AS text FROM outbox WHERE class = 'reply'",
  );
  return Array.from({ length: MESSAGES }, (_, number) => {
    const name = nameOf(number);
    const kind = KINDS[number % KINDS.length] ?? "keyed";
    const own = rows.filter((row) => row["text"] === `re ${name}`);
    assert.equal(own.length, 1, `${name} has one reply in the outbox: ${story(gateway, name)}`);
    return {
      kind,
      name,
      copies: platforms[kind].sent().filter(({ text }) => text === `re ${name}`).length,
      state: String(own[0]?.["state"]),
      possibleDuplicate: own[0]?.["possible_duplicate"] === 1,
      id: String(own[0]?.["id"]),
    };
  });
}

/** What happened to one message, for the text of a failure. */
const story = (gateway: TestGateway, name: string): string =>
  JSON.stringify(read(
    gateway,
    `SELECT step, detail FROM trail WHERE subject IN (SELECT id FROM inbox WHERE dedupe_key = '${name}') ORDER BY seq`,
  ));

function assertProcessedOnce({ gateway }: Setting): void {
  const inbox = read(gateway, "SELECT dedupe_key, state, reason FROM inbox");
  assert.equal(inbox.length, MESSAGES, "every message is in the inbox, and none twice");
  assert.deepEqual(inbox.filter((row) => row["state"] !== "done" || row["reason"] !== "ok"), []);
  const transcript = read(gateway, "SELECT role, message FROM transcript WHERE role IN ('user', 'assistant')");
  for (let number = 0; number < MESSAGES; number++) {
    const mentions = (role: string, word: RegExp) =>
      transcript.filter((row) => row["role"] === role && word.test(String(row["message"]))).length;
    const name = nameOf(number);
    assert.equal(mentions("user", new RegExp(`echo:${name}\\b`, "u")), 1, `${name} was asked once`);
    assert.equal(mentions("assistant", new RegExp(`"re ${name}"`, "u")), 1, `${name} was answered once`);
  }
}

async function assertShown(setting: Setting, replies: readonly Reply[]): Promise<void> {
  for (const { kind, name, copies, state, possibleDuplicate } of replies) {
    const what = `${name}: ${copies} copies, ${state}${possibleDuplicate ? ", maybe twice" : ""}`;
    if (kind === "keyed") assert.ok(state === "sent" && copies === 1, what);
    if (kind === "hold") assert.ok(state === "sent" ? copies === 1 : state === "unknown" && copies <= 1, what);
    if (kind === "resend") assert.ok(state === "sent" && copies >= 1 && (copies === 1 || possibleDuplicate), what);
  }
  const partial = setting.platforms.keyed.sent().filter(({ text }) =>
    !replies.some(({ name }) => text === `re ${name}`)
  );
  assert.deepEqual(partial, [], "no draft was left beside its answer");
  await using client = await setting.gateway.connect();
  const { payload } = await client.call("outbox.list", { state: "unknown", limit: 500 });
  const listed: unknown = Object(payload).messages;
  assert.ok(Array.isArray(listed));
  const held = replies.filter(({ state }) => state === "unknown").map(({ id }) => id).sort();
  assert.deepEqual(listed.map(({ id }) => String(id)).sort(), held, "every held reply is listed for the owner");
  const history = await client.call("chat.history", { sessionKey: "main", limit: 1000 });
  const notes = JSON.stringify(Object(history.payload).messages ?? []);
  if (held.length > 0) assert.match(notes, /may or may not have arrived/u, "the owner was told in WebChat");
}

function summary(title: string, replies: readonly Reply[]): string {
  const lines = KINDS.map((kind) => {
    const own = replies.filter((reply) => reply.kind === kind);
    const count = (test: (reply: Reply) => boolean) => own.filter(test).length;
    return `  ${kind.padEnd(7)} ${own.length} processed once; replies seen once ${count((r) => r.copies === 1)}, ` +
      `twice or more ${count((r) => r.copies > 1)}, never ${count((r) => r.copies === 0)}; ` +
      `held for the owner ${count((r) => r.state === "unknown")}, ` +
      `recorded as possible duplicates ${count((r) => r.possibleDuplicate)}`;
  });
  return [title, ...lines].join("\n");
}

async function conclude(setting: Setting, title: string): Promise<void> {
  await settled(setting);
  const replies = repliesOf(setting);
  print(summary(title, replies));
  const edits = setting.platforms.keyed.calls.filter(({ at }) => at === "edit").length;
  assert.ok(edits > 0, "some answers were shown as drafts while they grew");
  assertProcessedOnce(setting);
  await assertShown(setting, replies);
}

Deno.test("300 messages survive 30 sudden ends of the gateway", async () => {
  await withSetting(7, "worker", async (setting) => {
    for (let kill = 0; kill < KILLS; kill++) {
      await randomMoment(setting);
      await setting.gateway.restart("SIGKILL");
    }
    await conclude(setting, `the gateway killed ${KILLS} times:`);
  });
});

Deno.test("300 messages survive 30 sudden ends of their workers", async () => {
  await withSetting(11, "process", async (setting) => {
    for (let kill = 0; kill < KILLS; kill++) {
      await randomMoment(setting);
      await killWorker(setting, KINDS[kill % KINDS.length] ?? "keyed");
    }
    await conclude(setting, `the workers killed ${KILLS} times:`);
  });
});

/** The thread crashes by order, the process gets SIGKILL; then the owner starts the account at once. */
async function killWorker({ gateway, platforms }: Setting, kind: Kind): Promise<void> {
  const platform = platforms[kind];
  await platform.waitConnected();
  const hellos = platform.calls.filter(({ at }) => at === "hello").length;
  if (kind === "hold") Deno.kill(childOf(gateway.pid), "SIGKILL");
  else platform.order({ do: "crash" });
  await eventually("the worker's end", () => !platform.connected(), 20_000);
  await using client = await gateway.connect();
  const params = kind === "keyed" ? { channel: "keyed" } : { channel: "plain", accountId: kind };
  const started = await client.call("channels.start", params);
  assert.equal(started.ok, true, JSON.stringify(started.error));
  await platform.waitCall("hello", hellos + 1);
}

/** The one process that the gateway has started: the worker of the account with `isolation: "process"`. */
function childOf(pid: number): number {
  const children = cat(`/proc/${pid}/task/${pid}/children`).trim().split(/\s+/u).map(Number);
  const [child] = children;
  if (child === undefined || !Number.isInteger(child) || child === 0) {
    throw new Error("Cannot find the worker's process");
  }
  return child;
}
