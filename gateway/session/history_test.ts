import assert from "node:assert/strict";
import { assistantSays, fakeServices, userSays } from "../../tests/helpers/services.ts";
import type { Message } from "../../schemas/message.ts";
import { fitHistory, HISTORY_MAX_BYTES, historyMessage, jsonBytes, shrink } from "./history.ts";
import { createSessionNotifier } from "./notify.ts";
import type { StoredMessage } from "./types.ts";

const stored = (...messages: Message[]): StoredMessage[] =>
  messages.map((message, index) => ({ id: `0000000${index}`, seq: index + 1, message }));

Deno.test("historyMessage() adds the place and writes usage under the wire's names", () => {
  const [user, assistant] = stored(userSays("hi"), assistantSays("pong")).map((item) => historyMessage(item));
  assert.deepEqual(user, { ...userSays("hi"), __openclaw: { id: "00000000", seq: 1 } });
  assert.ok(assistant && "usage" in assistant);
  assert.deepEqual(assistant.usage, {
    input: 10,
    output: 3,
    cacheRead: 0,
    cacheWrite: 0,
    totalTokens: 13,
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 },
  });
});

Deno.test("historyMessage() keeps what a system entry says of itself", () => {
  const [item] = stored({
    role: "system",
    content: [{ type: "text", text: "Compaction" }],
    timestamp: 1,
    __openclaw: { kind: "compaction" },
  });
  assert.ok(item);
  assert.deepEqual(historyMessage(item).__openclaw, { kind: "compaction", id: "00000000", seq: 1 });
});

Deno.test("fitHistory() cuts from the front and never passes its limit", () => {
  const all = stored(...Array.from({ length: 50 }, (_, index) => userSays(`${index} ${"é".repeat(index * 20)}`)));
  for (let limit = 1000; limit < 80_000; limit += 997) {
    const kept = fitHistory(all, limit);
    assert.ok(jsonBytes(kept) <= limit, `${limit}`);
    assert.deepEqual(
      kept.map(({ __openclaw }) => __openclaw.seq),
      all.slice(-kept.length).map(({ seq }) => seq),
    );
  }
  assert.equal(fitHistory(all, 10_000_000).length, 50);
  assert.deepEqual(fitHistory([], 1000), []);
});

Deno.test("fitHistory() cuts a single message that is too large, whatever it is made of", () => {
  const large: Message[] = [
    userSays("a".repeat(100_000)),
    userSays("\u0000".repeat(100_000)),
    userSays("🦞".repeat(50_000)),
    assistantSays("é".repeat(100_000)),
    {
      role: "assistant",
      content: [{ type: "toolCall", id: "t", name: "n", arguments: { text: "x".repeat(100_000) } }],
      timestamp: 1,
    },
    {
      role: "toolResult",
      toolCallId: "t",
      toolName: "n",
      content: [{ type: "image", data: "A".repeat(100_000), mimeType: "image/png" }],
      isError: false,
      timestamp: 1,
    },
    { role: "system", content: [{ type: "text", text: "s".repeat(100_000) }], timestamp: 1 },
  ];
  for (const message of large) {
    const kept = fitHistory(stored(userSays("before"), message), 20_000);
    assert.equal(kept.length, 1);
    assert.ok(jsonBytes(kept) <= 20_000, message.role);
    assert.equal(kept[0]?.role, message.role);
  }
});

Deno.test("shrink() leaves out pictures before it cuts text, and leaves small messages alone", () => {
  const message: Message = {
    role: "user",
    content: [
      { type: "text", text: "look" },
      { type: "image", data: "A".repeat(50_000), mimeType: "image/png" },
    ],
    timestamp: 1,
  };
  assert.equal(shrink(message, 100_000), message);
  assert.deepEqual(shrink(message, 10_000).content, [
    { type: "text", text: "look" },
    { type: "text", text: "[image/png left out: too large to show]" },
  ]);
});

Deno.test("a message whose pictures are above the cap is told to subscribers without them", () => {
  const { bus, clock } = fakeServices();
  const news = createSessionNotifier({ bus, clock });
  const picture = (chars: number): Message => ({
    role: "user",
    content: [{ type: "text", text: "look" }, { type: "image", data: "A".repeat(chars), mimeType: "image/png" }],
    timestamp: 1,
  });
  for (const chars of [1_000, HISTORY_MAX_BYTES]) {
    news.messageAppended({ key: "agent:main:main" }, { id: "00000001", seq: 1, message: picture(chars) });
  }
  const told = bus.published.filter(({ event }) => event === "session.message").map(({ payload }) =>
    jsonBytes(payload)
  );
  assert.equal(told.length, 2);
  assert.ok((told[0] ?? 0) > 1_000);
  assert.ok((told[1] ?? Infinity) < 1_000, `${told[1]} bytes`);
});
