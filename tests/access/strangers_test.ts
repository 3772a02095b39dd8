/**
 * Strangers on every provider under every policy: what goes out. On a person's own account that is nothing at all, no
 * answer, no typing, no read mark, no reaction; a bot may say its pairing code once.
 */
import assert from "node:assert/strict";
import { createFakeManifest } from "../../workers/fake/manifest.ts";
import { CHANNELS } from "../../workers/registry.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import type { Inbound, InboundMessage } from "../../schemas/worker/content.ts";
import { IntakeLab } from "../helpers/intake_lab.ts";

const MANIFESTS: readonly ChannelManifest[] = [
  ...CHANNELS.map(({ manifest }) => manifest),
  createFakeManifest({ id: "fakebot" }),
  createFakeManifest({ id: "fakeperson", personal: true }),
];

const DM_POLICIES = [undefined, "pairing", "allowlist", "open", "disabled"];
const GROUP_POLICIES = [undefined, "allowlist", "open", "disabled"];

const STRANGER = { id: "mallory", name: "Mallory" };
const direct = { id: "mallory-chat", kind: "direct" as const };

/** Everything a stranger can do in a direct chat. */
function events(lab: IntakeLab): Inbound[] {
  const said = (text: string, change: Partial<InboundMessage> = {}) =>
    lab.message(text, { sender: STRANGER, chat: direct, ...change });
  const base = { chat: direct, sender: STRANGER, timestamp: lab.clock.now() };
  return [
    said("hello?"),
    said("/status"),
    said("/stop"),
    said("/new"),
    said("look", { media: [{ ref: "pic", kind: "image", mimeType: "image/png" }] }),
    said("hello!", { edited: true, messageId: "m1" }),
    said("/help", { nativeCommand: true, replyHandle: "h" }),
    said("and again", { replyTo: { messageId: "x", fromSelf: true } }),
    { kind: "reaction", dedupeKey: "r", messageId: "x", emoji: "👍", added: true, onOwnMessage: true, ...base },
    { kind: "button", dedupeKey: "b", messageId: "x", data: "/status", ...base },
    { kind: "note", dedupeKey: "n", text: "Mallory joined", ...base },
  ];
}

async function flood(lab: IntakeLab, all: readonly Inbound[]): Promise<void> {
  for (const event of all) lab.receive(event);
  await lab.intake.idle();
  await lab.answerAll(() => "a secret of the owner");
}

/** Requests that a stranger could notice, and the texts that were sent. */
const noticed = (lab: IntakeLab) => ({
  other: lab.platform.calls.map(({ type }) => type).filter((type) => type !== "send"),
  texts: lab.platform.texts,
});

for (const manifest of MANIFESTS) {
  for (const dmPolicy of DM_POLICIES) {
    Deno.test(`${manifest.id}: a stranger's direct messages under dmPolicy ${dmPolicy ?? "(default)"}`, async () => {
      const policy = dmPolicy === undefined ? {} : { dmPolicy };
      const lab = new IntakeLab({ manifest, account: { ...policy, allowFrom: ["ada"], ackReaction: "👀" } });
      await flood(lab, events(lab));
      assert.equal(lab.runner.calls.length, 0, "nothing reaches the model");
      assert.equal(lab.sessions.count(), 0);
      assert.deepEqual(noticed(lab).other, []);
      const asks = dmPolicy === undefined || dmPolicy === "pairing";
      const waiting = lab.pairing.list();
      assert.equal(waiting.length, asks ? 1 : 0, "the owner sees who asked");
      assert.equal(lab.bus.names().includes("channels.pairing.requested"), asks);
      if (!asks || manifest.personal) {
        assert.deepEqual(noticed(lab).texts, []);
        assert.equal(lab.outside.rows, 0, "nothing waits to be sent either");
      } else {
        const [text, ...more] = noticed(lab).texts;
        assert.deepEqual(more, [], "the code is told once");
        assert.ok(text?.includes(waiting[0]?.code ?? "none") && text.includes("mallory"));
      }
      assert.ok(lab.trail.refusals().length > 0, "every refusal is counted");
      assert.deepEqual(lab.inbox.open(), []);
    });
  }

  for (const groupPolicy of GROUP_POLICIES) {
    Deno.test(`${manifest.id}: a stranger in a group under groupPolicy ${groupPolicy ?? "(default)"}`, async () => {
      const policy = groupPolicy === undefined ? {} : { groupPolicy };
      const lab = new IntakeLab({
        manifest,
        account: { ...policy, allowFrom: ["ada"], ackReaction: "👀" },
        config: { agents: { ...new IntakeLab().config.agents } },
      });
      const group = (text: string, change: Partial<InboundMessage> = {}) =>
        lab.said(text, { sender: STRANGER, ...change });
      await flood(lab, [
        group("just talking", { mentioned: false }),
        group("/new"),
        group("/stop"),
        ...(groupPolicy === "open" ? [] : [
          group("@bot hello", { mentioned: true }),
          group("reply", {
            replyTo: { messageId: "x", fromSelf: true },
          }),
        ]),
      ]);
      assert.equal(lab.runner.calls.length, 0);
      assert.deepEqual(noticed(lab), { other: [], texts: [] });
      assert.equal(lab.outside.rows, 0);
      assert.deepEqual(lab.pairing.list(), [], "nobody asks from a group");
      assert.deepEqual(lab.inbox.open(), []);
    });
  }

  Deno.test(`${manifest.id}: with "*" everybody is known, because the owner said so`, async () => {
    const lab = new IntakeLab({ manifest, account: { dmPolicy: "open", allowFrom: ["*"] } });
    lab.receive(lab.message("hello", { sender: STRANGER, chat: direct }));
    await lab.answerAll(() => "hi");
    assert.deepEqual(lab.platform.texts, ["hi"]);
  });

  Deno.test(`${manifest.id}: an approved sender is answered, and a refused one hears no error of ours`, async () => {
    const lab = new IntakeLab({ manifest, account: {} });
    lab.receive(lab.message("hello", { sender: STRANGER, chat: direct }));
    const [request] = lab.pairing.list();
    assert.ok(request);
    lab.pairing.approve({ channel: manifest.id, accountId: undefined, wanted: request.code.toLowerCase() });
    await lab.answerAll();
    const before = lab.platform.texts.length;
    assert.equal(before, manifest.personal ? 0 : 1);
    lab.receive(lab.message("hello again", { sender: STRANGER, chat: direct }));
    await lab.call(0).fail(new Error("the model is down"));
    await lab.answerAll();
    assert.equal(lab.platform.texts.length - before, manifest.personal ? 0 : 1, "errors are the owner's");
    assert.doesNotMatch(lab.platform.texts.join(), /model is down/u);
  });
}

Deno.test("four strangers: three wait, the fourth gets no code, and the same one keeps its own", async () => {
  const lab = new IntakeLab({ manifest: createFakeManifest(), account: {} });
  for (const id of ["a", "b", "c", "d", "a"]) {
    lab.receive(lab.message("hi", { sender: { id }, chat: { id: `${id}-chat`, kind: "direct" } }));
  }
  await lab.pass();
  assert.deepEqual(lab.pairing.list().map(({ senderId }) => senderId), ["a", "b", "c"]);
  assert.equal(lab.platform.texts.length, 3);
  const reasons = Object.fromEntries(lab.trail.refusals().map(({ reason, count }) => [reason, count]));
  assert.deepEqual(reasons, { pairing_required: 4, pairing_full: 1 });
});
