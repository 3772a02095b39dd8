/** Forms from the agent's message to its answer: on the page of a browser node and beside the chat, in both versions. */
import assert from "node:assert/strict";
import type { FrameLocator } from "playwright-core";
import { FORM_V08, FORM_V09 } from "../browser/a2ui_forms.ts";
import type { Json } from "../helpers/client.ts";
import { type Home, homeTest, startHome } from "./house.ts";

const jsonl = (messages: readonly unknown[]): string => messages.map((each) => JSON.stringify(each)).join("\n");

/** The agent shows a form when Anna asks for it in Telegram; resolves when she was told. */
async function show({ house }: Home, form: readonly unknown[], more: Json): Promise<void> {
  const before = house.telegram.written(11).length;
  house.model.script(
    { kind: "tool", name: "a2ui_push", args: { jsonl: jsonl(form), ...more } },
    { kind: "text", pieces: ["Please fill it in."] },
  );
  house.telegram.people.say(house.direct, house.anna, "I want to book a table");
  assert.equal((await house.written(11, before + 1))[before]?.["text"], "Please fill it in.");
}

/** By keys: Chromium loses clicks into a frame of another process until that frame was drawn for the first time. */
async function fill(form: FrameLocator, name: string): Promise<void> {
  await form.getByLabel("Your name").fill(name);
  await form.getByLabel("Guests").fill("4");
  await form.getByLabel("Send me news").press("Space");
  await form.getByRole("button", { name: "Book" }).press("Enter");
}

/** The run that an action starts: what it says to the model, and the session that it is in. */
async function heard({ house: { web } }: Home, answer: string): Promise<{ asked: string; sessionKey: string }> {
  const { payload } = await web.waitEvent(
    ({ event, payload }) =>
      event === "chat" && payload["state"] === "final" && JSON.stringify(payload).includes(answer),
    20_000,
  );
  const sessionKey = String(payload["sessionKey"]);
  const { messages } = await web.request("chat.history", { sessionKey });
  const asked = Array.isArray(messages) ? messages.findLast(({ role }) => role === "user") : undefined;
  return { asked: JSON.stringify(asked), sessionKey };
}

homeTest(
  "a form on a browser node is filled in, goes to the agent that showed it, and says that it is done",
  async (t) => {
    await using home = await startHome();
    const { house: { model, web }, node, visitor } = home;
    visitor.expected.push(/MarkdownDirective|style-src-attr|inline style/u);
    for (const [version, form] of [["v0.9", FORM_V09], ["v0.8", FORM_V08]] as const) {
      await t.step(version, async () => {
        await web.request("canvas.a2ui.reset", { nodeId: node.nodeId });
        await show(home, form, { node: node.nodeId });
        await node.canvas.getByRole("heading", { name: "Book a table" }).waitFor();
        const prompts = model.requests.length;
        model.script({ kind: "text", pieces: ["A table ", `for ${version}.`], delayMs: 300 });
        await fill(node.canvas, "Ann");
        const { asked, sessionKey } = await heard(home, `for ${version}.`);
        assert.equal(sessionKey, "agent:main:main", "the agent that showed it knows what it was for");
        assert.match(
          asked,
          /CANVAS_A2UI action=book_table session=\S+ surface=form component=send host=\S+ instance=\S+ /u,
        );
        assert.match(
          asked,
          /ctx=\{\\"name\\":\\"Ann\\",\\"guests\\":\\"?4\\"?,\\"news\\":true\} default=update_canvas/u,
        );
        assert.match(JSON.stringify(model.requests[prompts]?.body["messages"]), /I want to book a table.*CANVAS_A2UI/u);
        assert.equal(model.requests.length, prompts + 1, "one run for one press");
        await node.canvas.locator('[data-action="done"]').waitFor();
      });
    }
    visitor.faults.splice(0, visitor.faults.length, ...visitor.faults.filter((one) => !/style-src-attr/u.test(one)));
  },
);

homeTest("a form beside the chat is filled in, and the agent answers in the same chat", async (t) => {
  await using home = await startHome();
  const { house, house: { model, web, telegram }, chat, visitor } = home;
  visitor.expected.push(/MarkdownDirective|style-src-attr|inline style/u);
  const beside = chat.page.frameLocator(".canvas-frame");
  for (const [version, form] of [["v0.9", FORM_V09], ["v0.8", FORM_V08]] as const) {
    await t.step(version, async () => {
      await web.request("canvas.a2ui.reset", { sessionKey: "main" });
      await show(home, form, {});
      await beside.getByRole("heading", { name: "Book a table" }).waitFor();
      const told = telegram.written(11).length;
      model.script({ kind: "text", pieces: ["Reserved ", `with ${version}.`], delayMs: 300 });
      await fill(beside, "Bob");
      const { asked, sessionKey } = await heard(home, `with ${version}.`);
      assert.equal(sessionKey, "agent:main:main");
      assert.match(
        asked,
        /CANVAS_A2UI action=book_table session=agent:main:main surface=form component=send host=\S+ /u,
      );
      assert.match(asked, /ctx=\{\\"name\\":\\"Bob\\",\\"guests\\":\\"?4\\"?,\\"news\\":true\} default=update_canvas/u);
      await chat.answered(new RegExp(`Reserved with ${version.replace(".", "\\.")}\\.$`, "u"));
      await chat.page.getByText("The agent has answered.").waitFor();
      assert.equal(telegram.written(11).length, told, "what was done in WebChat is answered there, not in Telegram");
      assert.deepEqual((await house.outbox()).filter(({ state }) => state !== "sent"), []);
    });
  }
  visitor.faults.splice(0, visitor.faults.length, ...visitor.faults.filter((one) => !/style-src-attr/u.test(one)));
});
