/** Pictures of tools on their way to a model: the real worker before endpoints that refuse what the real ones refuse. */
import assert from "node:assert/strict";
import type { Message } from "../schemas/message.ts";
import { ANTHROPIC, GOOGLE, type Lab, OPENAI, withServer } from "./helpers/agent_lab.ts";
import { BUILTIN_TARGET, request, runOnce, userSays } from "./helpers/agent_run.ts";
import type { Answer } from "./servers/model_server.ts";

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46).toBase64();

const SNAP = { name: "camera_snap", description: "Takes a photo", inputSchema: { type: "object", properties: {} } };
const image = (data: string, mimeType = "image/png") => ({ type: "image" as const, data, mimeType });
const calls = (...ids: string[]): Answer => ({
  toolCalls: ids.map((id) => ({ id, name: "camera_snap", args: {} })),
});

const run = (lab: Lab, vision: boolean, images: () => ReturnType<typeof image>[], messages: Message[] = []) =>
  runOnce(
    lab.runner,
    request({ ...lab.target, vision }, {
      tools: [SNAP],
      messages: [...messages, userSays("What do you see?")],
      maxSteps: 16,
    }),
    () => Promise.resolve({ text: "640 x 480", isError: false, images: images() }),
  );

for (const provider of [OPENAI, ANTHROPIC, GOOGLE]) {
  Deno.test(`${provider.api}: a model that sees gets the pictures of two tools with their text`, async () => {
    await using lab = await withServer(
      provider,
      (_, index) => index === 0 ? calls("a", "b") : { text: ["A red square"] },
    );
    const seen = await run(lab, true, () => [image(PNG), image(JPEG, "image/jpeg")]);
    assert.equal(seen.messages.at(-1)?.text, "A red square");
    assert.deepEqual(lab.server.requests[1]?.pictures, [
      { mimeType: "image/png", data: PNG },
      { mimeType: "image/jpeg", data: JPEG },
      { mimeType: "image/png", data: PNG },
      { mimeType: "image/jpeg", data: JPEG },
    ]);
    assert.match(JSON.stringify(lab.server.requests[1]?.body), /640 x 480/u);
  });

  Deno.test(`${provider.api}: a model that cannot see is told how many pictures there were`, async () => {
    await using lab = await withServer(provider, (_, index) => index === 0 ? calls("a") : { text: ["ok"] });
    await run(lab, false, () => [image(PNG)]);
    assert.deepEqual(lab.server.requests[1]?.pictures, []);
    const body = JSON.stringify(lab.server.requests[1]?.body);
    assert.match(body, /1 picture came with this result, but this model cannot see pictures/u);
    assert.ok(!body.includes(PNG));
  });

  Deno.test(`${provider.api}: pictures of earlier runs are shown again`, async () => {
    await using lab = await withServer(provider, () => ({ text: ["The same"] }));
    const past: Message[] = [
      userSays("Take one"),
      {
        role: "assistant",
        content: [{ type: "toolCall", id: "old", name: "camera_snap", arguments: {} }],
        timestamp: 1,
      },
      {
        role: "toolResult",
        toolCallId: "old",
        toolName: "camera_snap",
        content: [{ type: "text", text: "taken" }, image(PNG)],
        isError: false,
        timestamp: 2,
      },
      { role: "assistant", content: [{ type: "text", text: "Here it is" }], timestamp: 3 },
    ];
    const seen = await run(lab, true, () => [], past);
    assert.equal(seen.messages[0]?.text, "The same");
    assert.deepEqual(lab.server.requests[0]?.pictures, [{ mimeType: "image/png", data: PNG }]);
  });

  Deno.test(`${provider.api}: a run that takes photo after photo keeps the newest eight in its prompt`, async () => {
    await using lab = await withServer(
      provider,
      (_, index) => index < 10 ? calls(`call_${index}`) : { text: ["enough"] },
    );
    let taken = 0;
    await run(lab, true, () => [image(Uint8Array.of(0xff, 0xd8, 0xff, taken++).toBase64(), "image/jpeg")]);
    const shown = lab.server.requests.at(-1)?.pictures.map(({ data }) => Uint8Array.fromBase64(data)[3]);
    assert.deepEqual(shown, [2, 3, 4, 5, 6, 7, 8, 9]);
    assert.match(JSON.stringify(lab.server.requests.at(-1)?.body), /an older picture that is not shown any more/u);
  });
}

Deno.test("builtin: the offline model says how many pictures it got", async () => {
  await using lab = await withServer(OPENAI, () => ({ text: [] }));
  const seen = await runOnce(
    lab.runner,
    request(BUILTIN_TARGET, { tools: [SNAP], messages: [userSays("take a photo")] }),
    () => Promise.resolve({ text: "640 x 480", isError: false, images: [image(PNG), image(PNG)] }),
  );
  assert.deepEqual(seen.tools.map(({ name }) => name), ["camera_snap"]);
  assert.match(seen.messages.at(-1)?.text ?? "", /I got 2 pictures from it/u);
});
