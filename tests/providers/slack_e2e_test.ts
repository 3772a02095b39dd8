/** Slack through the running gateway: message in, agent, answer out, the same live in WebChat. */
import assert from "node:assert/strict";
import { freePort } from "../helpers/gateway.ts";
import { eventually, within } from "../helpers/wait.ts";
import { signed } from "../servers/slack/events.ts";
import { startHouse } from "./slack_e2e_lab.ts";
import { bytesOf, test } from "./slack_lab.ts";

test("a direct chat: answers, mrkdwn, long answers, pictures, reactions, notes", async (t) => {
  await using house = await startHouse({ slack: { reactionNotifications: "all" } });
  const { slack, slack: { people }, model, web, alice, dm } = house;
  let seen = 0;
  const answer = async () => (await house.written(dm.id, ++seen))[seen - 1];

  await t.step("a message gets its answer, and WebChat sees both live and later", async () => {
    house.say("echo:first");
    assert.equal((await answer())?.text, "re first");
    const live = await web.waitEvent(({ event, payload }) =>
      event === "session.message" && Object(payload["message"]).role === "assistant"
    );
    assert.equal(live.payload["sessionKey"], "agent:main:main");
    assert.ok(JSON.stringify(live.payload).includes("re first"));
    await web.waitEvent(({ event, payload }) => event === "chat" && payload["state"] === "final");
    const history = JSON.stringify((await web.request("chat.history", { sessionKey: "main" }))["messages"]);
    assert.ok(history.includes("echo:first") && history.includes("re first"));
  });

  await t.step("Markdown arrives as Slack's own formatting", async () => {
    model.script({ kind: "text", pieces: ["# Head\n\n**bold** `a<b` [site](https://example.org) <!channel>"] });
    house.say("format");
    assert.equal((await answer())?.text, "*Head*\n\n*bold* `a&lt;b` <https://example.org|site> &lt;!channel&gt;");
  });

  await t.step("a long answer comes in parts that Slack takes, code blocks whole in each", async () => {
    const code = Array.from({ length: 300 }, (_, index) => `const line${index} = "${"x".repeat(12)}";`).join("\n");
    model.script({ kind: "text", pieces: [`Here:\n\n\`\`\`ts\n${code}\n\`\`\`\n\nDone.`] });
    house.say("long");
    const parts = await eventually("the last part", () => {
      const all = slack.written(dm.id).slice(seen);
      return all.at(-1)?.text.endsWith("Done.") ? all : undefined;
    }, 20_000);
    seen += parts.length;
    assert.ok(parts.length >= 3, `${parts.length} parts`);
    for (const { text } of parts) {
      assert.ok(text.length <= 4_000);
      assert.equal((text.match(/```/gu) ?? []).length % 2, 0, "every fence is closed");
    }
    assert.equal(parts.map(({ text }) => text).join("\n").match(/const line\d+ = "x{12}";/gu)?.length, 300);
  });

  await t.step("a picture reaches the model with its bytes", async () => {
    const bytes = bytesOf(300);
    bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const file = people.file(bytes, { name: "cat.png", mimetype: "image/png" });
    people.say({ user: alice.id, channel: dm.id, text: "echo:picture", files: [file], subtype: "file_share" });
    assert.equal((await answer())?.text, "re picture");
    assert.ok(house.prompts().at(-1)?.includes(bytes.toBase64()));
    assert.deepEqual(slack.intruders, []);
  });

  await t.step("reactions and edits become notes that the next prompt carries", async () => {
    const own = slack.written(dm.id).at(-1)?.ts ?? "";
    await within("the reaction", people.react(alice.id, dm.id, own, "fire"));
    const said = house.say("echo:typo");
    await answer();
    assert.ok(house.prompts().at(-1)?.includes("🔥"));
    await within("the edit", people.edit(dm.id, said, "corrected words"));
    house.say("echo:noted");
    await answer();
    assert.ok(house.prompts().at(-1)?.includes("corrected words"));
  });

  await t.step("nothing was sent twice and nothing is left", async () => {
    assert.equal(slack.written(dm.id).length, seen);
    await eventually("every acknowledgement", () => slack.sockets.unacknowledged() === 0);
    assert.equal(slack.sockets.most(), 1);
    const rows = await house.outbox();
    assert.ok(rows.length > 0 && rows.every((row) => row["state"] === "sent"));
  });
});

test("channels: unaddressed talk is context, a mention is answered once, threads stay apart", async (t) => {
  await using house = await startHouse({
    config: { messages: { queue: { debounceMs: 10 }, ackReaction: "👀" } },
  });
  const { general, bob, slack, model } = house;
  const me = `<@${slack.bot.userId}>`;

  await t.step("talk without a mention is kept as context; the mention comes twice and is answered once", async () => {
    await within(
      "taken",
      slack.people.say({ user: bob.id, channel: general.id, text: "the soup is at eight" }).delivered,
    );
    const ts = house.say(`${me} echo:soup`, { channel: general.id });
    assert.equal((await house.written(general.id))[0]?.text, "re soup");
    const prompt = house.prompts().at(-1) ?? "";
    assert.ok(prompt.includes("the soup is at eight") && prompt.includes("Bob"));
    await eventually("the acknowledging reaction", () => general.messages.get(ts)?.reactions.has("eyes") === true);
    assert.equal(model.requests.length, 1);
  });

  await t.step(
    "a thread is a session of its own, its answers stay in it and need no mention from then on",
    async () => {
      const root = house.say("a topic", { channel: general.id, user: bob.id });
      house.say(`${me} echo:threaded`, { channel: general.id, thread: root });
      assert.equal((await house.written(general.id, 2))[1]?.thread_ts, root);
      house.say("echo:again", { channel: general.id, thread: root });
      assert.deepEqual((await house.written(general.id, 3)).map(({ text }) => text), [
        "re soup",
        "re threaded",
        "re again",
      ]);
      const { sessions } = await house.web.request("sessions.list", {});
      const base = `agent:main:slack:channel:${general.id.toLowerCase()}`;
      for (const key of [`"${base}"`, `"${base}:thread:${root}"`]) {
        assert.ok(
          JSON.stringify(sessions).includes(key),
          key,
        );
      }
    },
  );
  assert.equal(general.messages.size - slack.written(general.id).length, 5);
});

test("a stranger gets a code, is let in, and is answered from then on", async () => {
  await using house = await startHouse({ slack: { dmPolicy: "pairing", allowFrom: [] } });
  const { dm, web } = house;
  house.say("echo:before");
  const [told] = await house.written(dm.id);
  const code = /\b[A-HJ-NP-Z2-9]{8}\b/u.exec(told?.text ?? "")?.[0];
  assert.ok(code, told?.text ?? "nothing was said");
  assert.equal(house.model.requests.length, 0, "the message itself is not processed");
  const approved = await web.request("channels.pairing.approve", { channel: "slack", requestId: code });
  assert.equal(approved["senderId"], house.alice.id);
  house.say("echo:after");
  await house.written(dm.id, 2);
  assert.equal(house.texts(dm.id).at(-1), "re after");
});

test("the slash command is answered to its author alone", async () => {
  await using house = await startHouse({ slack: { slashCommand: { enabled: true } } });
  const { slack, general, alice } = house;
  const given = { user: alice.id, channel: general.id, command: "/openclaw", text: "echo:quietly" };
  await within("the acknowledgement", slack.people.slash(given));
  const [shown] = await eventually("the answer", () => slack.responses.length > 0 ? slack.responses : undefined);
  assert.deepEqual([shown?.body["text"], shown?.body["response_type"]], ["re quietly", "ephemeral"]);
  assert.deepEqual(house.texts(general.id), []);
});

test("HTTP mode: Slack posts to the gateway's port, strangers to that port are refused", async () => {
  const port = freePort();
  const signingSecret = "8f742231b10e8888abcd99yyyzzz85a5";
  await using house = await startHouse({ port, slack: { mode: "http", signingSecret } });
  const { slack, dm } = house;
  const url = `http://127.0.0.1:${port}/slack/events`;
  slack.subscribe({ url, signingSecret });
  await within("the event", slack.people.say({ user: house.alice.id, channel: dm.id, text: "echo:posted" }).delivered);
  assert.equal((await house.written(dm.id))[0]?.text, "re posted");
  assert.equal(slack.callsOf("apps.connections.open").length, 0);
  const body = JSON.stringify({ type: "event_callback", event_id: "Ev0", event: { type: "message" } });
  const forged = await fetch(url, { method: "POST", headers: signed("a guess", "application/json", body), body });
  assert.equal(forged.status, 401);
  await forged.body?.cancel();
});
