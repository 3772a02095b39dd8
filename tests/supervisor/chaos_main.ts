/** Parts of the chaos test that need a process of their own: they lose a thread for good, or the whole process. */
import { join } from "node:path";
import { fakeAccount, startSupervisor, type SupervisorLab } from "../helpers/supervisor.ts";
import { eventually } from "../helpers/wait.ts";
import { type FakePlatform, startFakePlatform } from "../servers/fake/platform.ts";

const [part = "", folder = "", ...urls] = Deno.args;

/** Synchronous, so that what was said stands when the process ends a moment later. */
const say = (fact: unknown): void => void Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(fact)}\n`));

/** The calm account takes twenty messages and answers them. */
async function converse(lab: SupervisorLab, platform: FakePlatform): Promise<boolean> {
  const before = lab.taken.filter(({ accountId }) => accountId === "calm").length;
  for (let index = 0; index < 20; index++) {
    platform.say(`calm ${index}`);
    await lab.waitTaken("calm", before + index + 1);
    await lab.send("calm", `answer ${before + index}`);
  }
  return platform.sent().every(({ text }, index) => text === `answer ${index}`);
}

async function spin(singleSession: boolean, supervised: boolean): Promise<void> {
  const calm = startFakePlatform();
  const wild = startFakePlatform();
  const lab = await startSupervisor({
    accounts: [fakeAccount("calm", calm.url), fakeAccount("wild", wild.url)],
    fake: { singleSession },
    supervised,
  });
  await lab.waitState("calm", "connected");
  await lab.waitState("wild", "connected");
  wild.order({ do: "spin" });
  const inOrder = await converse(lab, calm) && await lab.waitState("wild", "wedged", 30_000).then(() => true);
  const { sentence, nextRetryAt, userAction } = lab.status("wild");
  if (supervised) {
    await converse(lab, calm);
    say({ restarts: lab.restarts.length, state: lab.status("wild").state, inOrder });
    return Deno.exit(75);
  }
  if (singleSession) {
    say({ wedged: true, nextRetry: nextRetryAt !== undefined, userAction });
    await lab.channels.start("fake", "wild");
    const { state, generation } = lab.status("wild");
    const still = await converse(lab, calm);
    say({ afterStart: state, generation, neighbour: lab.status("calm").generation, inOrder: inOrder && still });
    return Deno.exit(0);
  }
  say({ wedged: true, nextRetry: nextRetryAt !== undefined, sentence });
  const again = await lab.waitState("wild", "connected", 30_000);
  const still = await converse(lab, calm);
  say({
    connected: true,
    generation: again.generation,
    lostThreads: again.lostThreads,
    userAction: again.userAction,
    neighbour: lab.status("calm").generation,
    inOrder: inOrder && still,
  });
  // The thread cannot be stopped, and the process would wait for it for ever.
  Deno.exit(0);
}

/** The sink writes each event to a real database before it is acknowledged; then another account exhausts its heap. */
async function heap(): Promise<void> {
  const { openDb } = await import("../../gateway/storage/db.ts");
  const db = await openDb(join(folder, "gateway.sqlite"));
  const calm = startFakePlatform();
  const wild = startFakePlatform();
  const lab = await startSupervisor({ accounts: [fakeAccount("calm", calm.url), fakeAccount("wild", wild.url)], db });
  await lab.waitState("calm", "connected");
  await lab.waitState("wild", "connected");
  for (let count = 0;; count++) {
    calm.say(`calm ${count}`);
    await eventually("the acknowledgement", () => calm.unacknowledged().length === 0);
    db.run("INSERT INTO channel_saved (channel, account, saved) VALUES ('test', ?, '{}')", String(count));
    say({ accepted: count });
    if (count === 5) wild.order({ do: "heap" });
  }
}

async function count(): Promise<void> {
  const { openDb } = await import("../../gateway/storage/db.ts");
  const db = await openDb(join(folder, "gateway.sqlite"));
  say({ kept: db.all("SELECT 1 FROM channel_saved WHERE channel = 'test'").length });
  db.close();
}

/** Runs one account as a process until somebody kills this one. */
async function waitForKill(): Promise<void> {
  const lab = await startSupervisor({ accounts: [fakeAccount("a", urls[0] ?? "", { isolation: "process" })] });
  await lab.waitState("a", "connected");
  say({ connected: true });
}

switch (part) {
  case "spin":
    await spin(false, false);
    break;
  case "spin-single":
    await spin(true, false);
    break;
  case "spin-supervised":
    await spin(false, true);
    break;
  case "heap":
    await heap();
    break;
  case "wait":
    await waitForKill();
    break;
  case "count":
    await count();
    break;
  default:
    throw new Error(`Cannot run the part "${part}": it is not known`);
}
