/** BlueBubbles through the running gateway: webhook in at its port, agent, REST out, the same live in WebChat. */
import assert from "node:assert/strict";
import { eventually, pause } from "../helpers/wait.ts";
import { type BubblesServer, OTHER_SIDE, PASSWORD, startBubbles } from "../servers/bluebubbles/server.ts";
import { type BubbleChat, shown } from "../servers/bluebubbles/world.ts";
import { ANNA, BEN, QUICK, SECRET } from "./bluebubbles_lab.ts";
import { type House, startHouse } from "./imessage_house.ts";

const test = (name: string, body: (t: Deno.TestContext) => Promise<void>) =>
  Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);
const written = (server: BubblesServer, chat: BubbleChat, count: number) =>
  eventually(`${count} answers`, () => {
    const texts = server.written(chat).map(({ text }) => text);
    return texts.length >= count ? texts : undefined;
  }, 20_000);

/** The server's webhook leads to the gateway's port, as its owner would set it up. */
async function open(
  server: BubblesServer,
  settings: Record<string, unknown> = {},
  config: Record<string, unknown> = {},
): Promise<House> {
  const own = { serverUrl: server.url, password: PASSWORD, webhookSecret: SECRET, ...QUICK };
  const house = await startHouse("bluebubbles", { ...own, ...settings }, config);
  server.hooks.add(async (body) => {
    const url = `${house.gateway.httpUrl}/bluebubbles-webhook?secret=${SECRET}`;
    try {
      const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
      await response.body?.cancel();
      return response.status;
    } catch {
      // Nobody listens: the real server does not try again either.
      return 0;
    }
  });
  return house;
}

test("a direct chat: answers, pictures, signs, refusals, replays, crashes", async (t) => {
  await using server = await startBubbles();
  await using house = await open(server, { ackReaction: "👍", reactionNotifications: "all" }, {
    messages: { queue: { debounceMs: 10 }, ackReactionScope: "all" },
  });
  const { web, model } = house;
  const chat = server.world.direct(ANNA);
  let seen = 0;

  await t.step("a message gets its answer; WebChat sees both; read mark, typing and reaction are shown", async () => {
    const message = await server.say(chat, ANNA, "echo:first");
    assert.equal((await written(server, chat, ++seen)).at(-1), "re first");
    await web.waitEvent(({ event, payload }) =>
      event === "session.message" && JSON.stringify(payload["message"]).includes("re first")
    );
    const history = JSON.stringify((await web.request("chat.history", { sessionKey: "main" }))["messages"]);
    assert.ok(history.includes("echo:first") && history.includes("re first"));
    await eventually("the signs", () => server.mac.signs.length >= 2);
    assert.deepEqual([...new Set(server.mac.signs.map(({ kind }) => kind))].sort(), ["read", "typing"]);
    assert.deepEqual(server.mac.reactions[0], { message: message.guid, reaction: "like" });
  });

  await t.step(
    "a picture reaches the model, also when it comes after its message; Markdown becomes plain text",
    async () => {
      const bytes = new Uint8Array(300).fill(5);
      bytes.set([0xff, 0xd8, 0xff, 0xe0]);
      const files = [{ guid: "at_0_JPG", name: "a.jpg", mimeType: "image/jpeg", bytes }];
      const late = await server.say(chat, ANNA, "\uFFFC");
      Object.assign(late, { text: "", files });
      model.script({ kind: "text", pieces: ["**nice** `picture`"] });
      assert.deepEqual(await server.post("updated-message", shown(late)), [200]);
      assert.equal((await written(server, chat, ++seen)).at(-1), "nice picture");
      assert.ok(house.prompts().at(-1)?.includes(bytes.toBase64()));
    },
  );

  await t.step("a long answer comes in parts within the limit", async () => {
    model.script({ kind: "text", pieces: [`${"word ".repeat(2_000)}end.`] });
    await server.say(chat, ANNA, "long");
    const parts = await eventually("the last part", () => {
      const all = server.written(chat).slice(seen).map(({ text }) => text);
      return all.at(-1)?.endsWith("end.") ? all : undefined;
    }, 20_000);
    seen += parts.length;
    assert.ok(parts.length >= 3 && parts.every((part) => part.length <= 4_000));
  });

  await t.step("old and repeated webhooks change nothing, a wrong secret is refused", async () => {
    const asked = model.requests.length;
    const [first] = server.world.messages;
    assert.ok(first);
    for (let round = 0; round < 5; round++) assert.deepEqual(await server.post("new-message", shown(first)), [200]);
    await server.say(chat, ANNA, "echo:old", { dateCreated: Date.now() - 5 * 86_400_000 });
    for (const query of ["", `?password=${PASSWORD}`, "?secret=guess"]) {
      const response = await fetch(`${house.gateway.httpUrl}/bluebubbles-webhook${query}`, {
        method: "POST",
        body: JSON.stringify({ type: "new-message", data: shown(first) }),
      });
      await response.body?.cancel();
      assert.equal(response.status, 401);
    }
    await pause(300);
    assert.equal(model.requests.length, asked);
  });

  await t.step("429 and 503 are waited for; 500 and a broken connection are held for the owner", async () => {
    server.fail("/message/text", { kind: "refuse", status: 429, headers: { "retry-after": "1" } });
    server.fail("/message/text", { kind: "refuse", status: 503 });
    await server.say(chat, ANNA, "echo:patient");
    assert.equal((await written(server, chat, ++seen)).at(-1), "re patient");
    const faults = [[{ kind: "refuse", status: 500 }, 0], [{ kind: "drop" }, 0], [{ kind: "lose" }, 1]] as const;
    for (const [fault, there] of faults) {
      server.fail("/message/text", fault);
      await server.say(chat, ANNA, "echo:held");
      const [held] = await eventually("a held message", async () => {
        const rows = await house.outbox("unknown");
        return rows.length > 0 ? rows : undefined;
      });
      seen += there;
      assert.equal(server.written(chat).length, seen);
      await web.request("outbox.drop", { id: held?.["id"] });
    }
  });

  await t.step("a server that was away comes back by itself; a reaction is a note of the next prompt", async () => {
    server.fail("/ping", { kind: "drop" }, 3);
    await house.waitState("reconnecting");
    await house.waitState("connected");
    const own = server.written(chat).at(-1);
    const extra = { associatedMessageGuid: `p:0/${own?.guid}`, associatedMessageType: "love" };
    await server.post("message-reaction", shown(server.world.add({ chat, sender: ANNA, text: "Loved", extra })));
    await server.say(chat, ANNA, "echo:noted");
    assert.equal((await written(server, chat, ++seen)).at(-1), "re noted");
    assert.ok(house.prompts().at(-1)?.includes("❤️"));
  });

  await t.step("after SIGKILL what was said while nobody listened is answered, and nothing twice", async () => {
    await house.crash(async () => void await server.say(chat, ANNA, "echo:killed"));
    assert.equal((await written(server, chat, ++seen)).at(-1), "re killed");
    await pause(300);
    assert.equal(server.written(chat).length, seen);
    for (const secret of [PASSWORD, SECRET]) assert.ok(!house.gateway.output.includes(secret));
  });
});

test("groups: talk is context, a name is answered in the group, never in the sender's own chat", async () => {
  await using server = await startBubbles();
  await using house = await open(server, { groups: { "*": { requireMention: true } } }, {
    messages: { queue: { debounceMs: 10 }, groupChat: { mentionPatterns: ["@?house"] } },
  });
  const group = server.world.group("Home", [ANNA, BEN]);
  const direct = server.world.direct(ANNA);
  await server.say(group, BEN, "the soup is at eight");
  await server.say(group, ANNA, "house echo:soup", { where: "none" });
  assert.match((await written(server, group, 1))[0] ?? "", /soup/u);
  assert.ok(house.prompts().at(-1)?.includes("the soup is at eight"));
  assert.equal(house.model.requests.length, 1);
  assert.deepEqual(server.written(direct), []);
});

test("a stranger hears nothing, not even a read mark; the owner lets them in; a changed password is said", async () => {
  await using server = await startBubbles();
  await using house = await open(server, { dmPolicy: "pairing", allowFrom: [] });
  const chat = server.world.direct(ANNA);
  await server.say(chat, ANNA, "echo:before");
  const requestId = await eventually("the request", async () => {
    const { requests } = await house.web.request("channels.pairing.list", { channel: "bluebubbles" });
    return Array.isArray(requests) ? requests.find(({ senderId }) => senderId === ANNA)?.requestId : undefined;
  });
  await pause(200);
  assert.deepEqual([server.written(chat).length, server.mac.signs.length, house.model.requests.length], [0, 0, 0]);
  await house.web.request("channels.pairing.approve", { channel: "bluebubbles", requestId });
  const told = server.written(chat).length;
  await server.say(chat, ANNA, "echo:after");
  assert.equal((await written(server, chat, told + 1)).at(-1), "re after");
  server.changePassword("changed-on-the-mac");
  const row = await house.waitState("bad_credentials");
  assert.deepEqual([row["userAction"], row["platformCode"]], ["set_token", "401"]);
  assert.ok(!JSON.stringify(row).includes(PASSWORD) && !house.gateway.output.includes(PASSWORD));
});

test("a worker that dies during a send leaves an unknown outcome, and the account goes on", async () => {
  await using server = await startBubbles();
  await using house = await open(server, { isolation: "process" });
  const chat = server.world.direct(ANNA);
  server.fail("/message/text", { kind: "hang" });
  await server.say(chat, ANNA, "echo:one");
  await eventually("the send", () => server.calls.some(({ path }) => path === "/message/text"));
  Deno.kill(house.workerPid(), "SIGKILL");
  await eventually("a held message", async () => (await house.outbox("unknown")).length === 1);
  await house.waitState("connected");
  await server.say(chat, ANNA, "echo:two");
  assert.deepEqual(await written(server, chat, 1), ["re two"]);
});
