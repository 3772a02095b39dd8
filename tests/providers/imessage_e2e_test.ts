/** iMessage (imsg) through the running gateway: message in, agent, answer out, the same live in WebChat. */
import assert from "node:assert/strict";
import { eventually, pause } from "../helpers/wait.ts";
import { type Mac, OTHER_SIDE, startMac } from "../servers/imessage/mac.ts";
import type { MacChat } from "../servers/imessage/world.ts";
import { type House, startHouse } from "./imessage_house.ts";
import { ANNA, BEN, QUICK } from "./imessage_lab.ts";

const test = (name: string, body: (t: Deno.TestContext) => Promise<void>) =>
  Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);
const written = (mac: Mac, chat: MacChat, count: number) =>
  eventually(`${count} answers`, () => {
    const texts = mac.written(chat);
    return texts.length >= count ? texts : undefined;
  }, 20_000);
const open = (mac: Mac, settings: Record<string, unknown> = {}, config: Record<string, unknown> = {}): Promise<House> =>
  startHouse("imessage", { cliPath: mac.cliPath, ...QUICK, ...settings }, config);

test("a direct chat: answers, plain text, parts, echoes, crashes of program and gateway", async (t) => {
  await using mac = await startMac();
  mac.echoes = true;
  await using house = await open(mac);
  const { web, model } = house;
  const chat = mac.world.direct(ANNA);
  let seen = 0;

  await t.step("a message gets its answer, and WebChat sees both", async () => {
    mac.say(chat, ANNA, "echo:first");
    assert.equal((await written(mac, chat, ++seen)).at(-1), "re first");
    const live = await web.waitEvent(({ event, payload }) =>
      event === "session.message" && Object(payload["message"]).role === "assistant"
    );
    assert.ok(JSON.stringify(live.payload).includes("re first"));
    const history = JSON.stringify((await web.request("chat.history", { sessionKey: "main" }))["messages"]);
    assert.ok(history.includes("echo:first") && history.includes("re first"));
    assert.deepEqual((await house.waitState("connected"))["permissions"], [
      "--deny-net",
      "--deny-sys",
      `--allow-run=${mac.cliPath}`,
      "--deny-read",
      "--deny-write",
      "--deny-env",
      "--deny-ffi",
      "--deny-import",
    ]);
  });

  await t.step("Markdown becomes plain text, and its echo is nobody's message", async () => {
    model.script({ kind: "text", pieces: ["**bold** [site](https://example.org)"] });
    mac.say(chat, ANNA, "format");
    assert.equal((await written(mac, chat, ++seen)).at(-1), "bold site (https://example.org)");
    await pause(300);
    assert.equal(mac.written(chat).length, seen);
    assert.equal(model.requests.length, 2);
  });

  await t.step("a long answer comes in parts within the limit", async () => {
    model.script({ kind: "text", pieces: [`${"word ".repeat(2_000)}end.`] });
    mac.say(chat, ANNA, "long");
    const parts = await eventually("the last part", () => {
      const all = mac.written(chat).slice(seen);
      return all.at(-1)?.endsWith("end.") ? all : undefined;
    }, 20_000);
    seen += parts.length;
    assert.ok(parts.length >= 3 && parts.every((part) => part.length <= 4_000));
  });

  await t.step("a send whose answer is lost with the program is held for the owner, not repeated", async () => {
    mac.fail("send", { kind: "lose" });
    mac.say(chat, ANNA, "echo:lost");
    const [held] = await eventually("a held message", async () => {
      const rows = await house.outbox("unknown");
      return rows.length > 0 ? rows : undefined;
    });
    assert.equal(mac.written(chat).length, ++seen, "it stands there once");
    await web.request("outbox.drop", { id: held?.["id"] });
    await house.waitState("connected");
  });

  await t.step("a program that ends by itself loses nothing that was said meanwhile", async () => {
    mac.current().exit(3);
    mac.say(chat, ANNA, "echo:down");
    assert.equal((await written(mac, chat, ++seen)).at(-1), "re down");
  });

  await t.step("after SIGKILL of the gateway what was said meanwhile is answered once", async () => {
    await house.crash(() => void mac.say(chat, ANNA, "echo:killed"));
    assert.equal((await written(mac, chat, ++seen)).at(-1), "re killed");
    await pause(300);
    assert.equal(mac.written(chat).length, seen);
    assert.equal(mac.programs.filter(({ gone }) => !gone).length, 1);
  });
});

test("groups: with patterns a mention is asked for, other talk is context, answers stay in the group", async (t) => {
  await using mac = await startMac();
  await using house = await open(mac, { groups: { "*": { requireMention: true } } }, {
    messages: { queue: { debounceMs: 10 }, groupChat: { mentionPatterns: ["@?house"] } },
  });
  const group = mac.world.group("Home", [ANNA, BEN]);
  await t.step("talk is context, a name is answered", async () => {
    mac.say(group, BEN, "the soup is at eight");
    mac.say(group, ANNA, "house echo:soup");
    assert.match((await written(mac, group, 1))[0] ?? "", /soup/u);
    assert.ok(house.prompts().at(-1)?.includes("the soup is at eight"));
    assert.equal(house.model.requests.length, 1);
    assert.deepEqual(mac.calls.findLast(({ method }) => method === "send")?.params["chat_id"], group.id);
    const { sessions } = await house.web.request("sessions.list", {});
    assert.ok(JSON.stringify(sessions).includes(`agent:main:imessage:group:${group.id}`));
  });
});

test("a stranger hears nothing, the owner sees the request and lets them in", async () => {
  await using mac = await startMac();
  await using house = await open(mac, { dmPolicy: "pairing", allowFrom: [] });
  const chat = mac.world.direct(ANNA);
  mac.say(chat, ANNA, "echo:before");
  const requestId = await eventually("the request", async () => {
    const { requests } = await house.web.request("channels.pairing.list", { channel: "imessage" });
    return Array.isArray(requests) ? requests.find(({ senderId }) => senderId === ANNA)?.requestId : undefined;
  });
  assert.deepEqual(mac.calls.filter(({ method }) => method === "send"), [], "nothing goes out on a personal account");
  assert.equal(house.model.requests.length, 0);
  await house.web.request("channels.pairing.approve", { channel: "imessage", requestId });
  const told = mac.written(chat).length;
  mac.say(chat, ANNA, "echo:after");
  assert.equal((await written(mac, chat, told + 1)).at(-1), "re after");
  assert.ok(mac.calls.every(({ method, params }) => method !== "send" || !String(params["text"]).includes("before")));
});

test("denied disk access is the state of the account, and the others go on", async () => {
  await using mac = await startMac();
  await using house = await open(mac);
  mac.onStart = (program) => {
    program.out("permissionDenied: Full Disk Access");
    program.exit(1);
  };
  mac.current().exit(1);
  const row = await house.waitState("bad_credentials");
  assert.match(String(row["sentence"]), /Full Disk Access/u);
  const { runId } = await house.web.request("chat.send", {
    sessionKey: "main",
    message: "echo:web",
    idempotencyKey: "w",
  });
  await house.web.waitEvent(({ event, payload }) =>
    event === "chat" && payload["runId"] === runId && payload["state"] === "final"
  );
});

test("a worker that dies during a send leaves an unknown outcome and no program behind it", async () => {
  await using mac = await startMac();
  await using house = await open(mac, { isolation: "process" });
  const chat = mac.world.direct(ANNA);
  mac.say(chat, ANNA, "echo:one");
  await written(mac, chat, 1);
  mac.fail("send", { kind: "silence" });
  mac.say(chat, ANNA, "echo:two");
  await eventually("the send", () => mac.calls.filter(({ method }) => method === "send").length === 2);
  Deno.kill(house.workerPid(), "SIGKILL");
  await eventually("a held message", async () => (await house.outbox("unknown")).length === 1);
  await house.waitState("connected");
  mac.say(chat, ANNA, "echo:three");
  assert.deepEqual(await written(mac, chat, 2), ["re one", "re three"]);
  assert.equal(mac.programs.filter(({ gone }) => !gone).length, 1);
});
