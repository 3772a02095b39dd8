/**
 * The worst that a worker can do, in the running gateway: it spins or exhausts its heap while people talk to another
 * account. What was accepted is answered exactly once, by this process or by the next one.
 */
import assert from "node:assert/strict";
import { FakeModel } from "../helpers/fake_model.ts";
import { FAKE_MAIN, TestGateway } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import { type FakePlatform, startFakePlatform } from "../servers/fake/platform.ts";

interface Lab {
  readonly gateway: TestGateway;
  readonly calm: FakePlatform;
  readonly wild: FakePlatform;
  /** So many more people write, each in a chat of their own. */
  readonly say: (count: number) => void;
  /** Resolves when everybody was answered; throws when somebody was answered twice. */
  readonly answered: () => Promise<void>;
  readonly wildStatus: () => Promise<Record<string, unknown>>;
}

async function withLab(
  options: { readonly isolation: "worker" | "process"; readonly supervised: boolean },
  test: (lab: Lab) => Promise<void>,
): Promise<void> {
  await using model = await FakeModel.start();
  await using calm = startFakePlatform();
  await using wild = startFakePlatform();
  const account = { dmPolicy: "open", allowFrom: ["*"], retryMs: 20 };
  await using gateway = await TestGateway.start({
    main: FAKE_MAIN,
    // The runtime's own limit is some gigabytes, which is the host's memory and takes long to fill.
    env: { DENO_V8_FLAGS: "--max-old-space-size=400", ...(options.supervised ? { OPENCLAW_SUPERVISED: "1" } : {}) },
    config: {
      ...model.config(),
      session: { dmScope: "per-account-channel-peer" },
      channels: {
        fake: {
          ...account,
          accounts: { calm: { url: calm.url }, wild: { url: wild.url, isolation: options.isolation } },
        },
      },
    },
  });
  await calm.waitConnected();
  await wild.waitConnected();
  let said = 0;
  await test({
    gateway,
    calm,
    wild,
    say(count) {
      for (let left = count; left > 0; left--, said++) {
        calm.say(`echo:c${said}`, { chatId: `chat${said}`, senderId: `person${said}`, key: `c${said}` });
      }
    },
    async answered() {
      const texts = () => calm.sent().map(({ text }) => text).filter((text) => text.startsWith("re c")).sort();
      await eventually(`${said} answers`, () => texts().length >= said, 60_000);
      assert.deepEqual(texts(), Array.from({ length: said }, (_, index) => `re c${index}`).sort());
      assert.deepEqual(calm.unacknowledged(), []);
    },
    async wildStatus() {
      await using client = await gateway.connect();
      const status = await client.request("channels.status", {});
      const rows: Record<string, unknown>[] = Object(status["channelAccounts"])["fake"];
      return rows.find((row) => row["accountId"] === "wild") ?? {};
    },
  });
}

for (const deed of ["spin", "heap"] as const) {
  Deno.test(`process: "${deed}" costs one account its worker and nobody else anything`, async () => {
    await withLab({ isolation: "process", supervised: false }, async (lab) => {
      const { pid } = lab.gateway;
      lab.say(3);
      lab.wild.order({ do: deed });
      lab.say(5);
      await lab.answered();
      await eventually("the second worker", async () => (await lab.wildStatus())["generation"] === 2, 60_000);
      lab.say(3);
      await lab.answered();
      assert.equal(lab.gateway.pid, pid);
    });
  });
}

Deno.test("worker: where something starts the gateway again, a spinning thread ends in exit code 75 and no loss", async () => {
  await withLab({ isolation: "worker", supervised: true }, async (lab) => {
    lab.say(3);
    lab.wild.order({ do: "spin" });
    lab.say(5);
    await eventually("the orderly restart", () => lab.gateway.exitCode !== undefined, 60_000);
    assert.equal(lab.gateway.exitCode, 75);
    lab.say(4);
    await lab.gateway.startAgain();
    await lab.answered();
    await lab.wild.waitConnected();
  });
});

Deno.test("worker: where nothing starts it again, the gateway goes on and status says that a core is lost", async () => {
  await withLab({ isolation: "worker", supervised: false }, async (lab) => {
    lab.wild.order({ do: "spin" });
    lab.say(5);
    await lab.answered();
    const status = await eventually("the lost thread", async () => {
      const row = await lab.wildStatus();
      return JSON.stringify(row).includes("core") ? row : undefined;
    }, 60_000);
    assert.equal(status["userAction"], "restart_gateway");
    lab.say(5);
    await lab.answered();
    // The spinning thread would keep an orderly end waiting for its worker.
    await lab.gateway.kill("SIGKILL");
  });
});

Deno.test("worker: an exhausted heap ends the process; the next one answers what was accepted, once", async () => {
  await withLab({ isolation: "worker", supervised: true }, async (lab) => {
    lab.say(3);
    await lab.answered();
    lab.wild.order({ do: "heap" });
    lab.say(4);
    await eventually("the end of the process", () => lab.gateway.exitCode !== undefined, 120_000);
    assert.notEqual(lab.gateway.exitCode, 0);
    lab.say(2);
    await lab.gateway.startAgain();
    await lab.answered();
  });
});
