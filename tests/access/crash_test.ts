/** The process ends at every step of a message's way; afterwards it was processed once and answered once. */
import assert from "node:assert/strict";
import { defineTool } from "../../gateway/agent/tool_define.ts";
import { Type } from "../../schemas/primitives.ts";
import { ScriptedPlatform } from "../helpers/delivery_lab.ts";
import { IntakeLab } from "../helpers/intake_lab.ts";
import { settle } from "../helpers/run_lab.ts";

const account = { allowFrom: ["ada"], debounceMs: 300, groups: { g1: {} }, groupAllowFrom: ["*"] };

/** Where the process ends. Each returns the lab that goes on. */
const STEPS: Readonly<Record<string, (lab: IntakeLab) => Promise<IntakeLab>>> = {
  "after the commit of the inbox": async (lab) => {
    lab.receive(lab.message("hello"), false);
    return await lab.crash();
  },
  "while more texts are waited for": async (lab) => {
    lab.receive(lab.message("hello"));
    await lab.pass(100);
    return await lab.crash();
  },
  "after the acceptance": async (lab) => {
    lab.receive(lab.message("hello"));
    lab.clock.advance(299);
    const next = await lab.crash();
    next.clock.advance(300);
    return await next.crash();
  },
  "while the model answers": async (lab) => {
    lab.receive(lab.message("hello"));
    await lab.pass(300);
    lab.call(0).say("half an ans");
    await lab.pass();
    return await lab.crash();
  },
  "again and again while the model answers": async (lab) => {
    lab.receive(lab.message("hello"));
    let now = lab;
    for (let round = 0; round < 5; round++) {
      await now.pass(2_000);
      now.call(0).say("half");
      now = await now.crash();
    }
    return now;
  },
  "after the answer, before it is sent": async (lab) => {
    lab.receive(lab.message("hello"));
    await lab.pass(300);
    const call = lab.call(0);
    call.message("re: hello");
    lab.outbox.stop();
    await call.end();
    return await lab.crash();
  },
  "after the answer was sent": async (lab) => {
    lab.receive(lab.message("hello"));
    await lab.pass(300);
    await lab.call(0).answer("re: hello");
    await lab.pass();
    return await lab.crash();
  },
};

for (const [step, run] of Object.entries(STEPS)) {
  Deno.test(`a message is answered once when the process ends ${step}`, async () => {
    const lab = await run(new IntakeLab({ account, platform: new ScriptedPlatform(true) }));
    await lab.answerAll();
    const [row] = lab.inbox.latest("done", 10);
    assert.equal(row?.reason, "ok");
    assert.equal(lab.inbox.open().length, 0);
    assert.deepEqual(lab.lines(), ["user: hello", "assistant: re: hello"]);
    assert.equal(lab.platform.texts.filter((text) => text === "re: hello").length, 1);
    const runs = lab.db.all("SELECT state FROM runs WHERE method = 'channel'").map((each) => each["state"]);
    assert.deepEqual(runs, ["ok"]);
  });
}

Deno.test("collected messages survive a crash while their turn runs", async () => {
  let lab = new IntakeLab({ account: { allowFrom: ["ada"] }, platform: new ScriptedPlatform(true) });
  lab.receive(lab.message("first"));
  const call = lab.call(0);
  lab.receive(lab.message("second"));
  lab.receive(lab.message("third"));
  await call.answer("one");
  await lab.pass(1_000);
  lab.call(1).say("half");
  lab = await lab.crash();
  await lab.pass(1_000);
  const prompt = JSON.stringify(lab.call(0).request.messages);
  assert.ok(prompt.includes("second") && prompt.includes("third"));
  await lab.answerAll(() => "both");
  assert.deepEqual(lab.lines(), [
    "user: first",
    "assistant: one",
    "user: second",
    "user: third",
    "assistant: both",
  ]);
  assert.deepEqual(lab.inbox.open(), []);
});

Deno.test("the group's context is not lost with a run that a crash cut off", async () => {
  let lab = new IntakeLab({ account, platform: new ScriptedPlatform(true) });
  lab.receive(lab.said("the key is under the mat"));
  lab.receive(lab.said("@bot where is it?", { mentioned: true }));
  await lab.pass(300);
  lab.call(0).say("under");
  lab = await lab.crash();
  await lab.pass(1_000);
  assert.match(lab.call(0).prompt, /the key is under the mat[\s\S]*where is it\?/u);
});

Deno.test("a run whose tools have acted is not begun anew: the chat is told", async () => {
  const acts: string[] = [];
  const tools = [
    defineTool({ name: "look", description: "x", args: Type.Object({}), readOnly: true, run: () => "seen" }),
    defineTool({
      name: "pay",
      description: "x",
      args: Type.Object({}),
      run: () => {
        acts.push("paid");
        return "paid";
      },
    }),
  ];
  for (
    const [tool, answer] of [["look", "re: go"], ["pay", "Sorry, I was restarted before I could answer."]] as const
  ) {
    let lab = new IntakeLab({ account: { allowFrom: ["ada"] }, tools });
    lab.receive(lab.message("go"));
    const call = lab.call(0);
    await call.observer.tool({ id: "t1", name: tool, args: {} }, call.signal);
    lab = await lab.crash();
    await lab.answerAll();
    assert.ok(lab.platform.texts.at(-1)?.startsWith(answer), `after ${tool}: ${lab.platform.texts.join()}`);
  }
  assert.deepEqual(acts, ["paid"]);
});

Deno.test("a message that ends the gateway each time is given up in the end", async () => {
  let lab = new IntakeLab({ account: { allowFrom: ["ada"] } });
  lab.receive(lab.message("poison"));
  for (let round = 0; round < 21; round++) {
    await lab.pass(1_000);
    lab.call(0);
    lab = await lab.crash();
  }
  await lab.pass(1_000);
  assert.equal(lab.runner.calls.length, 0);
  assert.match(lab.platform.texts.at(-1) ?? "", /^Sorry, I was restarted/u);
});

Deno.test("a picture whose fetch a crash cut off is fetched again, and named when its worker lost it", async () => {
  let lab = new IntakeLab({ account: { allowFrom: ["ada"] } });
  const media = [{ ref: "pic", kind: "image" as const, mimeType: "image/png" }];
  const id = lab.receive(lab.message("look", { media }), false);
  lab = await lab.crash();
  await lab.intake.idle();
  await settle();
  assert.equal(lab.state(id), "accepted");
  assert.equal(lab.call(0).prompt, "look\n[image: could not be fetched]");
});

Deno.test("an accepted row without a run is closed instead of waiting for ever", async () => {
  const lab = new IntakeLab({ account: { allowFrom: ["ada"] } });
  const id = lab.receive(lab.message("hello"), false);
  lab.inbox.mark(id, "accepted", { runId: "nobody" });
  lab.intake.recover();
  await settle();
  assert.equal(lab.state(id), "done no_run");
});

Deno.test("an orderly stop leaves a channel's run to the next start, and tells nobody that it failed", async () => {
  const lab = new IntakeLab({ account: { allowFrom: ["ada"] }, platform: new ScriptedPlatform(true) });
  lab.receive(lab.message("hello"));
  lab.call(0).say("half");
  lab.intake.stop();
  const drained = lab.runs.drain(100);
  await lab.pass(100);
  await drained;
  assert.equal(lab.call(0).signal.aborted, true);
  const next = await lab.crash();
  await next.answerAll();
  assert.deepEqual(next.platform.texts.filter((text) => text.startsWith("Sorry")), []);
  assert.deepEqual(next.lines(), ["user: hello", "assistant: re: hello"]);
});

Deno.test("a message that arrives while the gateway still recovers is not taken up twice", async () => {
  const lab = new IntakeLab({ account: { allowFrom: ["ada"], debounceMs: 300 } });
  const id = lab.receive(lab.message("hello"));
  lab.intake.recover();
  lab.intake.take(id);
  await lab.answerAll();
  assert.deepEqual(lab.lines(), ["user: hello", "assistant: re: hello"]);
  assert.equal(lab.runner.calls.length, 1);
});
