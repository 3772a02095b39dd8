/** Signal through the running gateway: message in, agent, answer out, the same live in WebChat. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { ACCOUNT, OTHER_SIDE } from "../servers/signal/server.ts";
import { startHouse } from "./signal_e2e_lab.ts";
import { jpeg } from "./signal_lab.ts";

const test = (name: string, body: (t: Deno.TestContext) => Promise<void>) =>
  Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);

test("a private chat: answers, Markdown, long answers, files, reactions, typing, edits", async (t) => {
  await using house = await startHouse({ channel: { reactionNotifications: "all", sendReadReceipts: true } });
  const { signal, signal: { people }, model, web, anna } = house;
  let seen = 0;
  const answers = async (count: number) => (await house.written(seen + count)).slice(seen, seen += count);

  await t.step("a message gets its answer, and WebChat sees both live and later", async () => {
    await people.say(anna, "echo:first");
    const [answer] = await answers(1);
    assert.equal(answer?.message, "re first");
    const live = await web.waitEvent(({ event, payload }) =>
      event === "session.message" && Object(payload["message"]).role === "assistant"
    );
    assert.equal(live.payload["sessionKey"], "agent:main:main");
    assert.ok(JSON.stringify(live.payload).includes("re first"));
    await web.waitEvent(({ event, payload }) => event === "chat" && payload["state"] === "final");
    const history = JSON.stringify((await web.request("chat.history", { sessionKey: "main" }))["messages"]);
    assert.ok(history.includes("echo:first") && history.includes("re first"));
  });

  await t.step("typing was shown and the message marked as read", async () => {
    await eventually(
      "the signs",
      () => signal.callsOf("sendTyping").length > 0 && signal.callsOf("sendReceipt").length > 0,
    );
    for (const { outcome } of [...signal.callsOf("sendTyping"), ...signal.callsOf("sendReceipt")]) {
      assert.equal(outcome, "ok");
    }
  });

  await t.step("Markdown arrives as text with style ranges", async () => {
    model.script({ kind: "text", pieces: ["🐎 **bold** `code` [site](https://example.org)"] });
    await people.say(anna, "format");
    const [answer] = await answers(1);
    assert.equal(answer?.message, "🐎 bold code site (https://example.org)");
    assert.deepEqual(answer.styles.map(({ start, style }) => [start, style]), [[3, "BOLD"], [8, "MONOSPACE"]]);
  });

  await t.step("a long answer comes in parts, code blocks whole in each", async () => {
    const code = Array.from({ length: 300 }, (_, index) => `const line${index} = "${"x".repeat(12)}";`).join("\n");
    model.script({ kind: "text", pieces: [`Here:\n\n\`\`\`ts\n${code}\n\`\`\`\n\nDone.`] });
    await people.say(anna, "long");
    const parts = await eventually("the last part", () => {
      const all = signal.written(anna.number).slice(seen);
      return all.at(-1)?.message.endsWith("Done.") ? all : undefined;
    }, 20_000);
    seen += parts.length;
    assert.ok(parts.length >= 3, `${parts.length} parts`);
    for (const part of parts) {
      assert.ok(part.message.length <= 4000);
      assert.ok(part.styles.some(({ style }) => style === "MONOSPACE"));
    }
    assert.equal(parts.map(({ message }) => message).join("\n").match(/const line\d+ = "x{12}";/gu)?.length, 300);
  });

  await t.step("a picture reaches the model with its bytes", async () => {
    const picture = jpeg(300);
    await people.sendFile(anna, { data: picture, contentType: "image/jpeg" }, { text: "echo:picture" });
    const [answer] = await answers(1);
    assert.equal(answer?.message, "re picture");
    assert.ok(house.prompts().at(-1)?.includes(picture.toBase64()));
  });

  await t.step("a reaction becomes a note that the next prompt carries", async () => {
    const on = signal.written(anna.number).at(-1);
    await people.react(anna, "🔥", { author: { number: ACCOUNT, uuid: "" }, timestamp: on?.timestamp ?? 0 });
    await people.say(anna, "echo:noted");
    await answers(1);
    assert.ok(house.prompts().at(-1)?.includes("🔥"));
  });

  await t.step("an edit of an answered message is a note, not a second answer", async () => {
    const at = await people.say(anna, "echo:befoer");
    await answers(1);
    await people.edit(anna, at, "echo:before");
    await people.say(anna, "echo:behind");
    const [answer] = await answers(1);
    assert.equal(answer?.message, "re behind");
  });

  await t.step("a command is obeyed, and duplicates of the daemon are not answered", async () => {
    const asked = model.requests.length;
    await people.say(anna, "/status");
    const [status] = await answers(1);
    assert.match(status?.message ?? "", /session|model/iu);
    assert.equal(model.requests.length, asked);
    const at = await people.say(anna, "echo:once");
    await people.say(anna, "echo:once", { timestamp: at });
    await answers(1);
    await people.say(anna, "echo:last");
    const [last] = await answers(1);
    assert.equal(last?.message, "re last");
  });

  await t.step("nothing was refused, sent twice or left", async () => {
    assert.equal(signal.written(anna.number).length, seen);
    assert.deepEqual(signal.calls.filter(({ outcome }) => outcome !== "ok"), []);
    const rows = await house.outbox();
    assert.ok(rows.length > 0 && rows.every((row) => row["state"] === "sent"));
  });
});

test("groups: unaddressed talk is context, a mention is answered, by name or by pattern", async (t) => {
  await using house = await startHouse({
    channel: { groups: { "*": { requireMention: true } } },
    config: {
      messages: { queue: { debounceMs: 10 }, groupChat: { mentionPatterns: ["\\bhousebot\\b"] } },
    },
  });
  const { signal, signal: { people }, anna } = house;
  const ben = signal.world.person({ number: "+15550002001", name: "Ben" });
  const group = signal.world.group("House", [anna, ben]);
  const [self] = signal.world.accounts;
  const mention = { mentions: [{ name: "Bot", number: self?.number, uuid: self?.uuid, start: 0, length: 1 }] };

  await t.step("talk without a mention is not answered, but kept as context of the next answer", async () => {
    await people.say(ben, "the soup is at eight", { group });
    await people.say(anna, "\uFFFC echo:soup", { group, extra: mention });
    const [answer] = await house.written(1, group.id);
    assert.equal(answer?.message, "re soup");
    const prompt = house.prompts().at(-1) ?? "";
    assert.ok(prompt.includes("the soup is at eight") && prompt.includes("Ben"));
    assert.equal(house.model.requests.length, 1);
  });

  await t.step("a quote of the bot and a pattern are mentions too", async () => {
    const [answer] = signal.written(group.id);
    const quote = { id: answer?.timestamp, author: ACCOUNT, authorNumber: ACCOUNT, text: "re soup" };
    await people.say(anna, "echo:quoted", { group, extra: { quote } });
    await house.written(2, group.id);
    await people.say(ben, "housebot echo:named", { group });
    await house.written(3, group.id);
    assert.deepEqual(house.texts(group.id), ["re soup", "re quoted", "re named"]);
  });

  await t.step("the group is a session of its own, and what the owner writes there is not answered", async () => {
    await people.own(undefined, "housebot echo:owner", { group });
    await people.say(anna, "housebot echo:end", { group });
    await house.written(4, group.id);
    assert.equal(house.texts(group.id).at(-1), "re end");
    const { sessions } = await house.web.request("sessions.list", {});
    assert.ok(JSON.stringify(sessions).includes("agent:main:signal:group:"));
  });
});

test("a stranger hears nothing; the owner sees the request, lets the person in, and the next message is answered", async () => {
  await using house = await startHouse({ channel: { dmPolicy: "pairing", allowFrom: [], sendReadReceipts: true } });
  const { signal, signal: { people }, anna, web } = house;
  await people.say(anna, "echo:before");
  const [request] = await eventually("the request", async () => {
    const { requests } = await web.request("channels.pairing.list", { channel: "signal" });
    return Array.isArray(requests) && requests.length > 0 ? requests : undefined;
  });
  assert.equal(request["senderId"], anna.number);
  assert.equal(house.model.requests.length, 0, "the message itself is not processed");
  const quiet = ["send", "sendTyping", "sendReceipt", "sendReaction"];
  assert.deepEqual(signal.calls.filter(({ method }) => quiet.includes(method)), [], "nothing goes out to a stranger");
  await web.request("channels.pairing.approve", { channel: "signal", requestId: request["requestId"] });
  await people.say(anna, "echo:after");
  await house.written(1);
  await eventually("the answer", () => house.texts().at(-1) === "re after");
});

test("note to self: the owner talks to the agent from the phone", async () => {
  await using house = await startHouse({ channel: { dmPolicy: "allowlist", allowFrom: [ACCOUNT] } });
  await house.signal.people.own("self", "echo:self");
  const [answer] = await house.written(1, ACCOUNT);
  assert.ok(answer?.message.includes("re self"));
});

test("linking by QR code through the web login, and what the account may reach", async () => {
  await using house = await startHouse({ signal: { accounts: [] }, state: "login_required" });
  const { signal, web, anna } = house;
  const first = await web.request("web.login.start", { channel: "signal" });
  const step = await eventually("the code", async () => {
    const show = Object(first["step"]);
    if (show.kind === "show") return show;
    const next = Object((await web.request("web.login.wait", { channel: "signal", timeoutMs: 1_000 }))["step"]);
    return next.kind === "show" ? next : undefined;
  });
  assert.equal(step.what, "qr");
  signal.scan(String(step.value), ACCOUNT);
  const row = await house.waitState("connected");
  const net = `--allow-net=${new URL(signal.url).host}`;
  const denied = [
    "--deny-sys",
    "--deny-run",
    "--deny-read",
    "--deny-write",
    "--deny-env",
    "--deny-ffi",
    "--deny-import",
  ];
  assert.deepEqual(row["permissions"], [net, ...denied]);
  await signal.people.say(anna, "echo:linked");
  await house.written(1);
});
