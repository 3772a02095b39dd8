/** The process ends at every step of a delivery, and at random moments of many; the file is opened again each time. */
import assert from "node:assert/strict";
import type { OutboxRow } from "../../gateway/delivery/types.ts";
import { openDb } from "../../gateway/storage/db.ts";
import { type Act, delivery, DeliveryLab, type LabOptions, settle } from "../helpers/delivery_lab.ts";

/** The three kinds of platform and policy that the outbox tells apart. */
const retry = { attempts: 20, minMs: 500, maxMs: 2_000, jitter: 0.2 };
const KINDS = {
  key: { idempotent: true, policy: { retry } },
  hold: { idempotent: false, policy: { retry } },
  resend: { idempotent: false, policy: { retry, unknown: "resend" } },
} as const satisfies Record<string, LabOptions>;
type Kind = keyof typeof KINDS;

async function withFile(kind: Kind, use: (lab: DeliveryLab, path: string) => Promise<DeliveryLab>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/gateway.sqlite`;
  const last = await use(new DeliveryLab({ ...KINDS[kind], db: await openDb(path) }), path);
  last.outbox.stop();
  last.db.close();
  await Deno.remove(folder, { recursive: true });
}

/** How many copies the chat shows, the state of the row, and whether it may stand there twice. */
const outcome = (lab: DeliveryLab): string => {
  const [row] = lab.outbox.list();
  return `${lab.platform.texts.length} ${row?.state}${row?.possibleDuplicate ? " maybe twice" : ""}`;
};

interface Step {
  /** Brings the delivery to the step; the process ends then. */
  readonly reach: (lab: DeliveryLab) => Promise<void>;
  readonly after: Readonly<Record<Kind, string>>;
}

const STEPS: Readonly<Record<string, Step>> = {
  "before the account is connected": {
    reach: async (lab) => {
      lab.state = "connecting";
      lab.outbox.enqueue(delivery());
      await settle();
    },
    after: { key: "1 sent", hold: "1 sent", resend: "1 sent" },
  },
  "between the commit and the first call": {
    reach: (lab) => {
      lab.outbox.enqueue(delivery());
      return Promise.resolve();
    },
    after: { key: "1 sent", hold: "1 sent", resend: "1 sent" },
  },
  "during a call that never reached the platform": {
    reach: async (lab) => {
      lab.platform.request = () => new Promise(() => {});
      lab.outbox.enqueue(delivery());
      await settle();
      Reflect.deleteProperty(lab.platform, "request");
    },
    after: { key: "1 sent", hold: "0 unknown", resend: "1 sent maybe twice" },
  },
  "after the platform took it and before its answer": {
    reach: async (lab) => {
      const take = lab.platform.request.bind(lab.platform);
      lab.platform.request = async (request) => {
        await take(request);
        return await new Promise(() => {});
      };
      lab.outbox.enqueue(delivery());
      await settle();
      Reflect.deleteProperty(lab.platform, "request");
    },
    after: { key: "1 sent", hold: "1 unknown", resend: "2 sent maybe twice" },
  },
  "while it waits for the next attempt": {
    reach: async (lab) => {
      lab.platform.script.push({ code: "unreachable" });
      lab.outbox.enqueue(delivery());
      await settle();
    },
    after: { key: "1 sent", hold: "1 sent", resend: "1 sent" },
  },
  "after the receipt": {
    reach: async (lab) => {
      lab.outbox.enqueue(delivery());
      await settle();
    },
    after: { key: "1 sent", hold: "1 sent", resend: "1 sent" },
  },
};

for (const [name, { reach, after }] of Object.entries(STEPS)) {
  for (const kind of ["key", "hold", "resend"] as const) {
    Deno.test(`${kind}: the process ends ${name}`, async () => {
      await withFile(kind, async (lab, path) => {
        await reach(lab);
        const next = await lab.crash(path);
        next.outbox.recover();
        await settle();
        next.clock.advance(10_000);
        await settle();
        assert.equal(outcome(next), after[kind]);
        assert.equal(next.told.length, after[kind].endsWith("unknown") ? 1 : 0, "a held message is told to the owner");
        return next;
      });
    });
  }
}

/** A small generator with a fixed seed, so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const MESSAGES = 40;
const CRASHES = 12;
const ACTS: readonly Act[] = ["ok", "ok", "ok", "lost", "hang", { code: "unreachable" }, {
  code: "rate_limited",
  retryAfterMs: 500,
}];

/** Sends messages in five chats while the platform misbehaves and the process ends again and again. */
async function storm(kind: Kind, seed: number): Promise<void> {
  const next = random(seed);
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(next() * items.length)];
  await withFile(kind, async (first, path) => {
    let lab = first;
    let sent = 0;
    let crashes = 0;
    for (let round = 0; round < 400 && (sent < MESSAGES || crashes < CRASHES); round++) {
      if (sent < MESSAGES && next() < 0.5) {
        const number = sent++;
        lab.outbox.enqueue(
          delivery({ groupId: `g${number}`, text: `text ${number}`, target: { chatId: `c${number % 5}` } }),
        );
      }
      const act = pick(ACTS);
      if (act !== undefined && lab.platform.script.length < 3) lab.platform.script.push(act);
      for (let hops = Math.floor(next() * 12); hops > 0; hops--) await Promise.resolve();
      if (next() < 0.3) lab.platform.release();
      if (next() < 0.5) lab.clock.advance(Math.floor(next() * 800));
      if (crashes < CRASHES && next() < 0.1) {
        crashes++;
        lab = await lab.crash(path);
        lab.outbox.recover();
      }
    }
    lab.platform.script.length = 0;
    for (let round = 0; round < 200; round++) {
      lab.platform.release();
      await settle();
      lab.clock.advance(500);
    }
    judge(kind, lab, `${kind}, seed ${seed}`);
    return lab;
  });
}

function judge(kind: Kind, lab: DeliveryLab, where: string): void {
  const rows = lab.outbox.list({ limit: 500 });
  assert.equal(rows.length, MESSAGES, where);
  for (const row of rows) {
    const copies = lab.platform.texts.filter((text) => text === row.preview).length;
    const what = `${where}: ${row.preview} is there ${copies} times, ${row.state}`;
    if (kind === "key") assert.ok(row.state === "sent" && copies === 1, what);
    if (kind === "hold") assert.ok(row.state === "sent" ? copies === 1 : row.state === "unknown" && copies <= 1, what);
    if (kind === "resend") {
      assert.ok(row.state === "sent" && copies >= 1 && (copies === 1 || row.possibleDuplicate), what);
    }
  }
  if (kind === "hold") assertTold(lab, rows.filter((row) => row.state === "unknown"), where);
}

function assertTold(lab: DeliveryLab, held: readonly OutboxRow[], where: string): void {
  assert.deepEqual(new Set(lab.told.map(({ id }) => id)), new Set(held.map(({ id }) => id)), where);
}

for (const kind of ["key", "hold", "resend"] as const) {
  Deno.test(`${kind}: messages survive a storm of lost answers, refusals and crashes`, async () => {
    for (let seed = 1; seed <= 12; seed++) await storm(kind, seed);
  });
}
