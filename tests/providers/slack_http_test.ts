/** Slack's HTTP mode (real worker). Other side: our strict Slack server (tests/servers/slack); the test plays main's listener. */
import assert from "node:assert/strict";
import type { ReplyValue } from "../../schemas/worker/channel.ts";
import { signed } from "../servers/slack/events.ts";
import { within } from "../helpers/wait.ts";
import { type Lab, slackLab, test } from "./slack_lab.ts";

const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const JSON_TYPE = "application/json";
const FORM = "application/x-www-form-urlencoded";

const httpLab = () =>
  slackLab({
    config: { mode: "http", slashCommand: { enabled: true } },
    secrets: { appToken: "", signingSecret: SECRET },
  });

async function post(
  lab: Lab,
  headers: Record<string, string>,
  body: string,
): Promise<Extract<ReplyValue, { kind: "http" }>> {
  const value = await lab.worker.request({
    type: "webhook",
    path: "/slack/events",
    query: {},
    headers,
    body: new TextEncoder().encode(body),
  });
  if (value.kind !== "http") throw new Error(`Cannot use ${value.kind} as an answer`);
  return value;
}

const eventOf = (lab: Lab, text: string, eventId = "Ev1") =>
  JSON.stringify({
    type: "event_callback",
    team_id: "T0HOUSE",
    event_id: eventId,
    event: {
      type: "message",
      channel: lab.dm.id,
      channel_type: "im",
      user: lab.alice.id,
      text,
      ts: lab.server.world.nextTs(),
    },
  });

test("HTTP mode opens no socket and needs no app-level token", async () => {
  await using lab = await httpLab();
  assert.equal(lab.server.callsOf("apps.connections.open").length, 0);
  assert.equal(lab.worker.states().at(-1)?.self?.["mode"], "http");
});

test("Slack's first question is answered with its challenge", async () => {
  await using lab = await httpLab();
  const body = JSON.stringify({ type: "url_verification", challenge: "3eZbrw1aB", token: "x" });
  const answer = await post(lab, signed(SECRET, JSON_TYPE, body), body);
  assert.deepEqual([answer.status, JSON.parse(answer.body)], [200, { challenge: "3eZbrw1aB" }]);
});

test("an event is answered after the inbox has it", async () => {
  await using lab = await httpLab();
  const body = eventOf(lab, "hello");
  let answered = false;
  const answer = post(lab, signed(SECRET, JSON_TYPE, body), body).finally(() => answered = true);
  const { seq, event } = await lab.worker.nextInbound({ ack: false });
  assert.equal(event.kind === "message" && event.text, "hello");
  assert.equal(answered, false);
  lab.worker.ack(seq);
  assert.equal((await within("the answer", answer)).status, 200);
});

test("commands and buttons come as forms", async () => {
  await using lab = await httpLab();
  const command = new URLSearchParams({
    command: "/openclaw",
    text: "hi",
    user_id: lab.alice.id,
    channel_id: lab.dm.id,
    channel_name: "directmessage",
    trigger_id: "t1",
    response_url: `${new URL(lab.server.url).origin}/commands/T/1`,
  }).toString();
  const [answer, event] = await Promise.all([post(lab, signed(SECRET, FORM, command), command), lab.nextMessage()]);
  assert.deepEqual([answer.status, answer.body, event.text, event.chat.kind], [200, "", "hi", "direct"]);
  const action = { action_id: "openclaw:0:0", value: "yes", action_ts: "1.1" };
  const payload = {
    type: "block_actions",
    user: { id: lab.alice.id },
    channel: { id: lab.dm.id },
    message: { ts: "1.0" },
    actions: [action],
  };
  const form = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const [, button] = await Promise.all([post(lab, signed(SECRET, FORM, form), form), lab.nextOf("button")]);
  assert.equal(button.data, "yes");
  const check = "ssl_check=1&token=x";
  assert.equal((await post(lab, signed(SECRET, FORM, check), check)).status, 200);
});

test("whatever is not signed by Slack, or was recorded, is refused", async () => {
  await using lab = await httpLab();
  const body = eventOf(lab, "forged");
  const good = signed(SECRET, JSON_TYPE, body);
  const now = Math.floor(Date.now() / 1000);
  const attempts: Record<string, string>[] = [
    { "content-type": JSON_TYPE },
    signed("another secret", JSON_TYPE, body),
    signed(SECRET, JSON_TYPE, `${body} `),
    signed(SECRET, JSON_TYPE, body, 0, now - 301),
    signed(SECRET, JSON_TYPE, body, 0, now + 302),
    { ...good, "x-slack-request-timestamp": String(now + 1) },
    { ...good, "x-slack-signature": good["x-slack-signature"]?.slice(0, -1) ?? "" },
    { ...good, "x-slack-signature": good["x-slack-signature"]?.replace("v0", "v1") ?? "" },
  ];
  for (const headers of attempts) assert.equal((await post(lab, headers, body)).status, 401, JSON.stringify(headers));
  const junk = "not json";
  assert.equal((await post(lab, signed(SECRET, JSON_TYPE, junk), junk)).status, 400);
  assert.equal((await post(lab, signed(SECRET, "text/plain", junk), junk)).status, 400);
  assert.equal(lab.worker.reports.filter(({ type }) => type === "inbound").length, 0);
});

test("in Socket Mode nobody can post", async () => {
  await using lab = await slackLab();
  const body = eventOf(lab, "x");
  assert.equal((await post(lab, signed("", JSON_TYPE, body), body)).status, 404);
});
