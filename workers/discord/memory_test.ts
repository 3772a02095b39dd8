/** Unit tests of what outlives the process. */
import assert from "node:assert/strict";
import { createMemory } from "./memory.ts";

const settings = { token: "MTIz.abc.secret", apiRoot: "https://discord.com/api" };

function lab(saved: Record<string, unknown> = {}, more: Partial<typeof settings> = {}) {
  const saves: Record<string, unknown>[] = [];
  const memory = createMemory(
    {
      saved,
      save: (rows) => {
        saves.push(rows);
        return Promise.resolve();
      },
      log: () => {},
    },
    { ...settings, ...more },
  );
  return { memory, saves };
}

const session = { sessionId: "s1", resumeURL: "wss://a.discord.gg", sequence: 1, shardCount: 1, shardId: 0 };

Deno.test("a session is saved with the last finished number and found again by the same bot alone", async () => {
  const first = lab();
  first.memory.learnSelf({ id: "1", applicationId: "2", username: "bot" });
  first.memory.startSession(session);
  first.memory.sequence.begin(1)?.();
  const open = first.memory.sequence.begin(2);
  first.memory.note("c", "10");
  await first.memory.flush();
  const saved = first.saves.at(-1) ?? {};
  assert.ok(!JSON.stringify(saved).includes("secret"));
  const again = lab(saved).memory;
  assert.deepEqual(again.session(), { ...session, sequence: 1 });
  assert.deepEqual(again.lastMessages(), [["c", "10"]]);
  assert.equal(lab(saved, { token: "OTk5.abc.secret" }).memory.session(), undefined);
  assert.equal(lab(saved, { apiRoot: "http://127.0.0.1:1/api" }).memory.session(), undefined);
  assert.equal(lab({ of: 5 }).memory.session(), undefined);
  open?.();
  await first.memory.flush();
  assert.equal(lab(first.saves.at(-1)).memory.session()?.sequence, 2);
});

Deno.test("another session counts from its beginning, the same one goes on", () => {
  const { memory } = lab();
  memory.learnSelf({ id: "1", applicationId: "2" });
  memory.startSession(session);
  memory.sequence.begin(1)?.();
  memory.startSession({ ...session, sequence: 9 });
  assert.equal(memory.session()?.sequence, 1);
  memory.startSession({ ...session, sessionId: "s2" });
  assert.equal(memory.session()?.sequence, 0);
  memory.dropSession();
  assert.equal(memory.session(), undefined);
  return memory.flush();
});

Deno.test("the last message of a chat never goes back, and the chat that was silent longest is forgotten", async () => {
  const { memory } = lab();
  memory.note("a", "100");
  memory.note("a", "99");
  assert.deepEqual(memory.lastMessages(), [["a", "100"]]);
  for (let index = 0; index < 200; index++) memory.note(`c${index}`, "1");
  assert.equal(memory.lastMessages().length, 200);
  assert.ok(!memory.lastMessages().some(([chat]) => chat === "a"));
  await memory.flush();
});
