/**
 * One account misbehaves in every way there is, another one goes on: its messages arrive, in order and in time, and its
 * answers are sent. What would hurt this process (a thread that spins, a heap that overflows in a worker) runs in one of
 * its own, `chaos_main.ts`.
 */
import assert from "node:assert/strict";
import { fakeAccount, startSupervisor, type SupervisorLab } from "../helpers/supervisor.ts";
import { eventually, pause } from "../helpers/wait.ts";
import { type FakePlatform, startFakePlatform } from "../servers/fake/platform.ts";

/** A busy machine needs room; a gateway that is blocked by a neighbour needs far more. */
const SANE_MS = 1_500;

interface Neighbour {
  /** Ends the talk and checks it: nothing lost, nothing twice, everything in order and in time. */
  finish(): Promise<{ readonly messages: number; readonly worstMs: number }>;
}

/** Somebody writes to the account "calm" every 25 ms and gets an answer each time. */
function talk(lab: SupervisorLab, platform: FakePlatform): Neighbour {
  const said: { readonly key: string; readonly at: number }[] = [];
  const latencies: number[] = [];
  let on = true;
  const run = async () => {
    while (on) {
      const at = performance.now();
      said.push({ key: platform.say(`calm ${said.length}`), at });
      await lab.waitTaken("calm", said.length);
      await lab.send("calm", `answer ${said.length}`);
      latencies.push(performance.now() - at);
      await pause(25);
    }
  };
  const running = run();
  return {
    async finish() {
      on = false;
      await running;
      const taken = lab.taken.filter(({ accountId }) => accountId === "calm");
      assert.deepEqual(taken.map(({ event }) => event.dedupeKey), said.map(({ key }) => key));
      const sent = platform.sent().map(({ text }) => text);
      assert.deepEqual(sent, said.map((_, index) => `answer ${index + 1}`));
      await eventually("the acknowledgements", () => platform.unacknowledged().length === 0);
      assert.equal(lab.status("calm").generation, 1, "the calm account was never restarted");
      const worstMs = Math.max(...latencies);
      assert.ok(worstMs < SANE_MS, `the worst answer took ${worstMs} ms`);
      return { messages: said.length, worstMs };
    },
  };
}

interface Chaos {
  readonly name: string;
  readonly isolation: readonly ("worker" | "process")[];
  readonly act: (platform: FakePlatform, lab: SupervisorLab) => void;
  /** Resolves when the misdeed has had its effect. */
  readonly effect: (lab: SupervisorLab, platform: FakePlatform) => Promise<unknown>;
}

const BOTH = ["worker", "process"] as const;
const restarted = (lab: SupervisorLab) =>
  eventually(
    "a fresh worker",
    () => lab.status("wild").generation === 2 && lab.status("wild").state === "connected",
    30_000,
  );
const works = async (lab: SupervisorLab, platform: FakePlatform): Promise<void> => {
  const before = lab.taken.filter(({ accountId }) => accountId === "wild").length;
  platform.say("still there?");
  await lab.waitTaken("wild", before + 1);
  assert.equal(lab.status("wild").generation, 1);
};

const CHAOS: readonly Chaos[] = [
  { name: "crashes", isolation: BOTH, act: (p) => p.order({ do: "crash" }), effect: restarted },
  { name: "leaves a rejection unhandled", isolation: BOTH, act: (p) => p.order({ do: "reject" }), effect: restarted },
  { name: "exits without a word", isolation: BOTH, act: (p) => p.order({ do: "exit" }), effect: restarted },
  { name: "spins", isolation: ["process"], act: (p) => p.order({ do: "spin" }), effect: restarted },
  { name: "exhausts its heap", isolation: ["process"], act: (p) => p.order({ do: "heap" }), effect: restarted },
  {
    name: "floods",
    isolation: BOTH,
    act: (p) => p.order({ do: "flood", count: 3_000, chatId: "flood" }),
    effect: (lab) => lab.waitTaken("wild", 400, 30_000),
  },
  {
    name: "sends garbage",
    isolation: BOTH,
    act: (p) => p.order({ do: "garbage", count: 5_000 }),
    effect: async (lab, platform) => {
      await eventually("the garbage to be noticed", () => lab.lines.some((line) => line.includes("port.malformed")));
      await works(lab, platform);
    },
  },
  {
    name: "sends more garbage than anybody can bear",
    isolation: BOTH,
    act: (p) => p.order({ do: "garbage", count: 60_000 }),
    effect: async (lab) => {
      await restarted(lab);
      assert.ok(lab.statuses.some(({ sentence }) => sentence.includes("floods the gateway")));
    },
  },
  ...(["wrong-op", "double-reply", "giant-text", "bad-receipt", "old-seq", "unknown-type", "foreign-answer"] as const)
    .map((what): Chaos => ({
      name: `lies (${what})`,
      isolation: BOTH,
      act: (p) => p.order({ do: "lie", what }),
      effect: works,
    })),
  {
    name: "hangs in every send",
    isolation: BOTH,
    act: (p) => p.order({ do: "hang" }),
    effect: async (lab, platform) => {
      await platform.waitCall("hanging");
      const hanging = Array.from({ length: 40 }, (_, index) => lab.send("wild", `hang ${index}`, undefined, 500));
      for (const result of await Promise.allSettled(hanging)) assert.equal(result.status, "rejected");
      await works(lab, platform);
    },
  },
];

for (const chaos of CHAOS) {
  for (const isolation of chaos.isolation) {
    Deno.test(`${isolation}: while one account ${chaos.name}, another keeps its messages and its pace`, async () => {
      await using calm = startFakePlatform();
      await using wild = startFakePlatform();
      await using lab = await startSupervisor({
        accounts: [fakeAccount("calm", calm.url, { isolation }), fakeAccount("wild", wild.url, { isolation })],
      });
      await lab.waitState("calm", "connected");
      await lab.waitState("wild", "connected");
      const neighbour = talk(lab, calm);
      await lab.waitTaken("calm", 3);
      chaos.act(wild, lab);
      await chaos.effect(lab, wild);
      await neighbour.finish();
    });
  }
}

/** Runs a part of `chaos_main.ts` in a process of its own; its lines, its exit code and the signal that ended it. */
async function alone(part: string, ...args: string[]) {
  const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--cached-only",
      "--no-prompt",
      "--v8-flags=--max-old-space-size=300",
      "--allow-net=127.0.0.1",
      "--allow-sys",
      "--allow-read",
      "--allow-write",
      `--allow-run=${Deno.execPath()}`,
      new URL("chaos_main.ts", import.meta.url).href,
      part,
      ...args,
    ],
    clearEnv: true,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const lines = decode(stdout).trim().split("\n").filter((line) => line !== "");
  return { code, signal, facts: lines.map((line): unknown => JSON.parse(line)), printed: decode(stderr) };
}

Deno.test("worker: a spinning thread becomes a wedged account, a fresh worker goes on, and status names the lost core", async () => {
  const { code, facts, printed } = await alone("spin");
  assert.equal(code, 0, printed);
  assert.deepEqual(facts, [
    {
      wedged: true,
      nextRetry: true,
      sentence: "The worker no longer answers, and a processor core is lost until the gateway is restarted",
    },
    { connected: true, generation: 2, lostThreads: 1, userAction: "restart_gateway", neighbour: 1, inOrder: true },
  ]);
});

Deno.test("worker: where the platform allows one session, a wedged account stays down instead of doubling it", async () => {
  const { code, facts, printed } = await alone("spin-single");
  assert.equal(code, 0, printed);
  assert.deepEqual(facts, [
    { wedged: true, nextRetry: false, userAction: "restart_gateway" },
    { afterStart: "wedged", generation: 1, neighbour: 1, inOrder: true },
  ]);
});

Deno.test("worker: under a service manager a spinning thread asks for an orderly restart, once for each thread", async () => {
  const { code, facts, printed } = await alone("spin-supervised");
  assert.equal(code, 75, printed);
  assert.deepEqual(facts, [{ restarts: 1, state: "wedged", inOrder: true }]);
});

Deno.test("worker: an exhausted heap ends the process, and the next one goes on with nothing accepted lost", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const first = await alone("heap", folder);
    assert.notEqual(first.code, 0, "the runtime ends the whole process");
    assert.match(first.printed, /heap/iu);
    const accepted = first.facts.length;
    assert.ok(accepted >= 5, "messages were accepted before the end");
    const second = await alone("count", folder);
    assert.equal(second.code, 0, second.printed);
    assert.deepEqual(second.facts, [{ kept: accepted }]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
