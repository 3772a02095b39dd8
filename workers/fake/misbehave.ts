/** Everything that a provider must not do, done on purpose. */
import process from "node:process";
import { transport } from "../runtime/transport.ts";
import type { LIES } from "./protocol.ts";

export type Misdeed = "crash" | "reject" | "exit" | "spin" | "heap";

/** Ends, blocks or breaks this worker. */
export function misbehave(deed: Misdeed): void {
  switch (deed) {
    case "crash":
      setTimeout(() => {
        throw new TypeError("the fake provider was told to crash");
      });
      return;
    case "reject":
      Promise.reject(new Error("the fake provider was told to reject"));
      return;
    case "exit":
      return transport.close();
    case "spin":
      return spin();
    case "heap":
      return exhaust();
  }
}

function spin(): void {
  while (true) Math.sqrt(2);
}

/** Objects, not buffers: buffers lie outside the heap limit. */
function exhaust(): void {
  const kept: unknown[] = [];
  while (true) kept.push(Array.from({ length: 1000 }, (_, index) => ({ index, text: `${index}-${kept.length}` })));
}

/** What a chatty library does; in a process its output is the protocol's. */
export function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text} by Deno\n`));
  process.stdout.write(`${text} by node\n`);
}

/** Sends what is not in the contract, around the checks of the runtime. */
export function sendGarbage(count: number): void {
  const samples: unknown[] = [
    undefined,
    null,
    42,
    "text",
    [],
    {},
    { type: "inbound" },
    { type: "inbound", seq: -1, inbound: {} },
    { type: "reply", op: "x", value: { kind: "nothing" } },
    { type: "state", state: "splendid", sentence: "" },
    { type: "log", level: "shout", event: "", fields: 3 },
    { type: "__proto__" },
    { type: "store.set", op: "g", rows: { kind: { id: 7 } } },
    new Map([[1, 2]]),
  ];
  for (let sent = 0; sent < count; sent++) transport.post(samples[sent % samples.length]);
}

/** Plausible messages that are not true. */
export function lie(what: (typeof LIES)[number]): void {
  switch (what) {
    case "wrong-op":
      return transport.post({ type: "reply", op: "no-such-operation", value: { kind: "ok" } });
    case "double-reply":
      for (let round = 0; round < 3; round++) {
        for (const op of ["1", "2", "3"]) transport.post({ type: "reply", op, value: { kind: "ok" } });
      }
      return;
    case "giant-text":
      return transport.post({
        type: "inbound",
        seq: 1_000_000,
        inbound: {
          kind: "message",
          dedupeKey: "giant",
          chat: { id: "c", kind: "direct" },
          sender: { id: "s" },
          timestamp: 1,
          messageId: "giant",
          text: "x".repeat(5_000_000),
          media: [],
        },
      });
    case "bad-receipt":
      return transport.post({ type: "reply", op: "1", value: { kind: "receipt", receipt: { messageIds: [] } } });
    case "old-seq":
      return transport.post({ type: "inbound", seq: 0, inbound: { kind: "note", text: "" } });
    case "unknown-type":
      return transport.post({ type: "grant.all", permissions: "*" });
    case "foreign-answer":
      return transport.post({ type: "pong", id: 1_000_000 });
    case "uncloneable":
      try {
        transport.post({ type: "log", level: "info", event: "x", fields: { f: () => {} } });
      } catch {
        // A Web Worker cannot clone a function; a process leaves it out.
      }
      return;
  }
}
