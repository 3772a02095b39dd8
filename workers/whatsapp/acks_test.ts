import assert from "node:assert/strict";
import { ProviderError } from "../runtime/provider.ts";
import { createAcks } from "./acks.ts";

const ack = (id: string, error?: string) => ({
  tag: "ack",
  attrs: { id, class: "message", ...error === undefined ? {} : { error } },
});

Deno.test("a message is taken when WhatsApp says so, and refused with its code", async () => {
  const acks = createAcks();
  const [first, second] = [acks.wait("A"), acks.wait("B")];
  acks.take(ack("B", "463"));
  acks.take(ack("A"));
  acks.take(ack("C"));
  await first.taken;
  await assert.rejects(second.taken, (error) => error instanceof ProviderError && error.error.code === "forbidden");
});

Deno.test("a lost connection leaves every wait unknown", async () => {
  const acks = createAcks();
  const { taken } = acks.wait("A");
  acks.lost();
  await assert.rejects(taken, (error) => error instanceof ProviderError && error.error.outcome === "unknown");
});

Deno.test("a second send of the same id takes over from the first", async () => {
  const acks = createAcks();
  const first = acks.wait("A");
  const second = acks.wait("A");
  acks.take(ack("A"));
  await second.taken;
  await assert.rejects(first.taken);
  first.cancel();
});
