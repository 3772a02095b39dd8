import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { userSays } from "../../tests/helpers/services.ts";
import { memoryDb } from "../storage/db.ts";
import { createTranscript, entryId, PICTURE_GONE } from "./transcript.ts";

function setUp(messages = 0, sessionId = "s1") {
  const db = memoryDb();
  const transcript = createTranscript({ db, clock: new FakeClock() });
  for (let i = 1; i <= messages; i++) transcript.append(sessionId, userSays(`m${i}`));
  return { db, transcript };
}

const seqs = (page: readonly { readonly seq: number }[]) => page.map(({ seq }) => seq);

Deno.test("append() counts from one within a session id and gives each entry eight hex digits", () => {
  const { db, transcript } = setUp();
  const first = transcript.append("s1", userSays("a"));
  const second = transcript.append("s1", userSays("b"));
  const other = transcript.append("s2", userSays("c"));
  assert.deepEqual([first.seq, second.seq, other.seq], [1, 2, 1]);
  for (const { id } of [first, second, other]) assert.match(id, /^[0-9a-f]{8}$/u);
  assert.equal(new Set([first.id, second.id, other.id]).size, 3);
  assert.deepEqual(transcript.last("s1"), second);
  assert.equal(transcript.count("s1"), 2);
  db.close();
});

Deno.test("entryId() never repeats within a session id", () => {
  const ids = new Set(Array.from({ length: 50_000 }, (_, index) => entryId("session", index + 1)));
  assert.equal(ids.size, 50_000);
});

Deno.test("page() returns the last messages, oldest first, and walks back without gap or repeat", () => {
  const { db, transcript } = setUp(25);
  assert.deepEqual(seqs(transcript.page("s1", { limit: 3 })), [23, 24, 25]);
  const seen: number[] = [];
  let beforeSeq = 26;
  while (true) {
    const page = transcript.page("s1", { limit: 10, beforeSeq });
    const [first] = page;
    if (!first) break;
    seen.unshift(...seqs(page));
    beforeSeq = first.seq;
  }
  assert.deepEqual(seen, Array.from({ length: 25 }, (_, index) => index + 1));
  db.close();
});

Deno.test("page() of an unknown session or with limit zero is empty", () => {
  const { db, transcript } = setUp(2);
  assert.deepEqual(transcript.page("nobody", { limit: 5 }), []);
  assert.deepEqual(transcript.page("s1", { limit: 0 }), []);
  assert.equal(transcript.last("nobody"), undefined);
  assert.equal(transcript.count("nobody"), 0);
  db.close();
});

Deno.test("page() stops before maxBytes, but always returns the newest message", () => {
  const { db, transcript } = setUp();
  for (let i = 0; i < 10; i++) transcript.append("s1", userSays("x".repeat(10_000)));
  assert.deepEqual(seqs(transcript.page("s1", { limit: 10, maxBytes: 25_000 })), [9, 10]);
  assert.deepEqual(seqs(transcript.page("s1", { limit: 10, maxBytes: 1 })), [10]);
  db.close();
});

Deno.test("an entry that cannot be read is shown as such and does not hide the others", () => {
  const { db, transcript } = setUp(3);
  db.run("UPDATE transcript SET message = ? WHERE seq = 2", '{"role":"alien"}');
  db.run("UPDATE transcript SET message = ? WHERE seq = 1", "{broken");
  const page = transcript.page("s1", { limit: 10 });
  assert.deepEqual(page.map(({ message }) => message.role), ["system", "system", "user"]);
  db.close();
});

Deno.test("append() inside a transaction that fails leaves nothing", () => {
  const { db, transcript } = setUp(1);
  assert.throws(() =>
    db.transaction(() => {
      transcript.append("s1", userSays("lost"));
      throw new Error("no");
    })
  );
  assert.equal(transcript.count("s1"), 1);
  assert.equal(transcript.append("s1", userSays("next")).seq, 2);
  db.close();
});

Deno.test("a plain page leaves a line for each picture of a large entry, and damaged ones as they are", () => {
  const { db, transcript } = setUp();
  const image = (size: number) => ({ type: "image" as const, data: "A".repeat(size), mimeType: "image/png" });
  const text = { type: "text" as const, text: 'a "quoted" \\ é' };
  transcript.append("s", { role: "user", content: [text, image(100_000), text, image(4)], timestamp: 1, runId: "r" });
  transcript.append("s", { role: "user", content: [image(4)], timestamp: 2 });
  transcript.append("s", { role: "user", content: [image(100_000)], timestamp: 3 });
  db.run("UPDATE transcript SET message = substr(message, 1, 90000) WHERE seq = 3");
  const gone = { type: "text", text: PICTURE_GONE };
  const [first, second, third] = transcript.page("s", { limit: 9, plain: true }).map(({ message }) => message);
  assert.deepEqual(first, { role: "user", content: [text, gone, text, gone], timestamp: 1, runId: "r" });
  assert.deepEqual(second?.content, [image(4)]);
  assert.equal(third?.role, "system");
  assert.equal(transcript.page("s", { limit: 9, plain: true, maxBytes: 140_000 }).length, 3);
});
