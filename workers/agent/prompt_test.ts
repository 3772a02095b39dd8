/** Unit tests of the prompt conversion. */
import assert from "node:assert/strict";
import type { Message } from "../../schemas/message.ts";
import { toPrompt } from "./prompt.ts";

const user = (text: string): Message => ({ role: "user", content: [{ type: "text", text }], timestamp: 1 });
const says = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }], timestamp: 1 });
const calls = (...ids: string[]): Message => ({
  role: "assistant",
  content: ids.map((id) => ({ type: "toolCall", id, name: "time", arguments: { zone: "UTC" } })),
  timestamp: 1,
});
const result = (toolCallId: string, text: string, isError = false): Message => ({
  role: "toolResult",
  toolCallId,
  toolName: "time",
  content: [{ type: "text", text }],
  isError,
  timestamp: 1,
});

const part = (text: string) => ({ type: "text", text });

Deno.test("a plain dialogue keeps its order behind the system text", () => {
  assert.deepEqual(toPrompt("Be kind", [user("a"), says("b"), user("c")], "none"), [
    { role: "system", content: "Be kind" },
    { role: "user", content: [part("a")] },
    { role: "assistant", content: [part("b")] },
    { role: "user", content: [part("c")] },
  ]);
});

Deno.test("tool calls and their results become one pair of messages, a missing result is made up as an error", () => {
  const prompt = toPrompt("", [user("a"), calls("1", "2"), result("1", "noon"), says("b")], "none");
  assert.deepEqual(prompt[2], {
    role: "tool",
    content: [
      { type: "tool-result", toolCallId: "1", toolName: "time", output: { type: "text", value: "noon" } },
      {
        type: "tool-result",
        toolCallId: "2",
        toolName: "time",
        output: { type: "error-text", value: "The tool gave no result: the run was stopped" },
      },
    ],
  });
});

Deno.test("a result without its call is left out, and so are empty messages", () => {
  const prompt = toPrompt("", [user("a"), result("9", "orphan"), says("  "), user(""), user("b")], "none");
  assert.deepEqual(prompt.map(({ role }) => role), ["user", "user"]);
});

Deno.test("a transcript that begins in mid-conversation gets an opening by the user", () => {
  assert.deepEqual(toPrompt("s", [says("b"), user("c")], "none").map(({ role }) => role), [
    "system",
    "user",
    "assistant",
    "user",
  ]);
});

Deno.test("thoughts of earlier runs are left out and system lines become notes", () => {
  const prompt = toPrompt("", [
    user("a"),
    { role: "assistant", content: [{ type: "thinking", thinking: "hm" }, { type: "text", text: "b" }], timestamp: 1 },
    { role: "system", content: [{ type: "text", text: "The host went to sleep" }], timestamp: 1 },
  ], "none");
  assert.deepEqual(prompt.slice(1), [
    { role: "assistant", content: [part("b")] },
    { role: "user", content: [part("[System note] The host went to sleep")] },
  ]);
});

Deno.test("images go to models that see and are named to models that do not", () => {
  const message: Message = {
    role: "user",
    content: [{ type: "image", data: "QUJD", mimeType: "image/png" }],
    timestamp: 1,
  };
  assert.deepEqual(toPrompt("", [message], "result")[0]?.content, [
    { type: "file", mediaType: "image/png", data: { type: "data", data: "QUJD" } },
  ]);
  assert.match(JSON.stringify(toPrompt("", [message], "none")), /cannot see images/u);
});
