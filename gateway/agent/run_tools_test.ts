/** Unit tests of what tools leave behind in a run: pictures in the transcript, files for the chat, and who gets a tool. */
import assert from "node:assert/strict";
import { png, RunLab } from "../../tests/helpers/run_lab.ts";
import { fakeConfig } from "../../tests/helpers/services.ts";
import type { ReplyRoute } from "./ledger.ts";
import { pickImages } from "./tool_images.ts";
import { MAX_TOOL_IMAGE_CHARS } from "../../schemas/worker/agent.ts";
import type { Outlet, OutletEnd, Tool, ToolBox, ToolMedia } from "./types.ts";

const PNG = String(png(24).content);
const image = (data: string) => ({ type: "image" as const, data, mimeType: "image/png" });
const reply: ReplyRoute = { channel: "fake", accountId: "default", target: { chatId: "7" } };
const file = (bytes: number, kind: ToolMedia["kind"] = "document"): ToolMedia => ({
  kind,
  mimeType: "application/octet-stream",
  fileName: "file.bin",
  data: new Uint8Array(bytes),
});

const tool = (name: string, run: Tool["run"]): Tool => ({ name, description: name, inputSchema: {}, run });
const call = (id: string, name: string) => ({ id, name, args: {} });
const signal = new AbortController().signal;

function outletLab(tools: readonly Tool[]) {
  const ends: OutletEnd[] = [];
  const outlet: Outlet = {
    started: () => {},
    grew: () => {},
    ended: (_run, end) => {
      ends.push(end);
      return () => {};
    },
  };
  return { lab: new RunLab({ tools, outlet }), ends };
}

Deno.test("pictures are judged by their bytes, counted and bounded together", () => {
  assert.deepEqual(pickImages([image(PNG)]), { kept: [image(PNG)], notes: [] });
  const html = btoa("<html>".repeat(10));
  assert.match(pickImages([image(html)]).notes[0] ?? "", /no PNG, JPEG/u);
  assert.equal(pickImages([{ ...image(PNG), mimeType: "image/jpeg" }]).kept[0]?.mimeType, "image/png");
  assert.equal(pickImages([image("not base64!")]).kept.length, 0);
  assert.deepEqual(pickImages(Array.from({ length: 6 }, () => image(PNG))).notes.length, 2);
  const large = String(png(3 << 20).content);
  assert.ok(large.length < MAX_TOOL_IMAGE_CHARS);
  const { kept, notes } = pickImages([image(large), image(large), image(PNG)]);
  assert.deepEqual(kept.map(({ data }) => data.length), [large.length, PNG.length]);
  assert.match(notes[0] ?? "", /picture 2 was left out.*smaller maxWidth/u);
});

Deno.test("the model, the transcript and the chat each get their part of a result", async () => {
  const snap = tool("snap", () => ({ text: "taken", images: [image(PNG)], media: [file(10, "image")] }));
  const { lab, ends } = outletLab([snap]);
  lab.send("photo", { reply });
  const model = lab.call();
  const result = await model.observer.tool(call("c1", "snap"), signal);
  assert.deepEqual(result, { text: "taken", isError: false, images: [image(PNG)] });
  await model.answer("Here");
  const stored = lab.history().find(({ role }) => role === "toolResult");
  assert.deepEqual(stored?.content, [{ type: "text", text: "taken" }, image(PNG)]);
  const [end] = ends;
  assert.ok(end?.state === "ok");
  assert.deepEqual([end.texts, end.media.map(({ data }) => data.length)], [["Here"], [10]]);
});

Deno.test("one run sends eight files and 20 MB at most, and the model reads which were too much", async () => {
  const sizes = [...Array.from({ length: 8 }, () => 1), 1];
  const { lab, ends } = outletLab([
    tool("many", () => ({ text: "made", media: sizes.map((bytes) => file(bytes)) })),
    tool("large", () => ({ text: "made", media: [file(15 << 20), file(15 << 20)] })),
  ]);
  for (const name of ["many", "large"]) {
    lab.send("files", { reply });
    const model = lab.call();
    const { text } = await model.observer.tool(call("c", name), signal);
    assert.match(text, /^made\n\[file.bin is not sent to the chat: one answer carries 8 files and 20 MB at most\]$/u);
    await model.answer("ok");
  }
  assert.deepEqual(ends.map((end) => end.state === "ok" ? end.media.length : -1), [8, 1]);
});

Deno.test("without a chat a picture stays in the transcript, and a clip is said to have no place", async () => {
  const lab = new RunLab({
    tools: [tool("clip", () => ({ text: "recorded", media: [file(5, "video"), file(5, "image")] }))],
  });
  lab.send("clip");
  const { text } = await lab.call().observer.tool(call("c", "clip"), signal);
  assert.equal(text, "recorded\n[file.bin cannot be shown here: this is no chat that takes files]");
});

Deno.test("a run that takes picture after picture keeps a bounded number of them", async () => {
  const large = String(png(3 << 20).content);
  const lab = new RunLab({ tools: [tool("snap", () => ({ text: "taken", images: [image(large)] }))] });
  lab.send("photos");
  const model = lab.call();
  for (let index = 0; index < 8; index++) {
    const { images } = await model.observer.tool(call(`c${index}`, "snap"), signal);
    assert.equal(images?.length, 1, "the model sees each");
  }
  await model.answer("enough");
  const kept = lab.history().flatMap((message) => message.role === "toolResult" ? [message.content.at(-1)?.type] : []);
  assert.deepEqual(kept, ["image", "image", "image", "image", "image", "image", "text", "text"]);
});

const guarded: ToolBox = {
  all: () => [],
  for: ({ trusted }) => trusted ? [tool("danger", () => "boom")] : [],
  note: ({ trusted }) => trusted ? undefined : "Not the owner.",
};
const offered = (lab: RunLab, index?: number): readonly string[] =>
  lab.call(index).request.tools.map(({ name }) => name);

Deno.test("a turn gets the owner's tools only when the owner is behind every message of it", async () => {
  const lab = new RunLab({ toolBox: guarded });
  lab.send("one", { trusted: true });
  assert.deepEqual(offered(lab, 0), ["danger"]);
  lab.send("two", { trusted: true });
  lab.send("three", { trusted: false });
  await lab.call(0).answer("first");
  lab.tick(5_000);
  const merged = lab.call(1);
  assert.match(merged.prompt, /two[^]*three/u);
  assert.deepEqual(merged.request.tools, []);
  assert.match(merged.request.system, /Not the owner\./u);
  assert.deepEqual(await merged.observer.tool(call("c", "danger"), signal), {
    text: 'There is no tool "danger"',
    isError: true,
  });
});

Deno.test("a run that begins anew after a restart has neither more nor less power than before", () => {
  for (const trusted of [true, false]) {
    const before = new RunLab({ toolBox: guarded });
    before.send("cut off", { method: "channel", trusted, reply });
    before.call();
    const after = new RunLab({ toolBox: guarded, after: before });
    after.runs.recover();
    assert.deepEqual(offered(after), trusted ? ["danger"] : []);
  }
});

Deno.test("a turn that a restart cut off keeps the power of all its messages, not of the last one alone", async () => {
  const before = new RunLab({ toolBox: guarded });
  const channel = { method: "channel", reply } as const;
  before.send("busy", { ...channel, trusted: true });
  before.send("a stranger's", { ...channel, trusted: false });
  before.send("the owner's", { ...channel, trusted: true });
  await before.call(0).answer("done");
  before.tick(5_000);
  assert.deepEqual(offered(before, 1), []);
  const after = new RunLab({ toolBox: guarded, after: before });
  after.runs.recover();
  assert.deepEqual(offered(after), []);
});

Deno.test("a stranger's message that a full queue shortens takes the power of the message that carries it", async () => {
  const config = { queue: { ...fakeConfig().queue, mode: "followup", cap: 1 } } as const;
  for (const trusted of [true, false]) {
    const lab = new RunLab({ toolBox: guarded, config });
    lab.send("busy", { trusted: true });
    const busy = lab.call(0);
    lab.send("dropped", { trusted });
    lab.send("the owner's", { trusted: true });
    await busy.answer("done");
    lab.tick(5_000);
    assert.match(lab.call(1).prompt, /dropped/u);
    assert.deepEqual(offered(lab, 1), trusted ? ["danger"] : []);
  }
});

Deno.test("two calls that the model gave the same id are two calls for the tool", async () => {
  const seen: string[] = [];
  const lab = new RunLab({
    tools: [{
      ...tool("snap", () => "ok"),
      run: (_args, { toolCallId }) => {
        seen.push(toolCallId);
        return "ok";
      },
    }],
  });
  lab.send("one", { runId: "same" });
  const first = lab.call();
  await first.observer.tool(call("call_0", "snap"), signal);
  await first.observer.tool(call("call_0", "snap"), signal);
  await first.answer("done");
  lab.send("two", { runId: "same", method: "agent" });
  await lab.call().observer.tool(call("call_0", "snap"), signal);
  assert.equal(new Set(seen).size, 3);
});
