/** What the worker of a WhatsApp account may reach, and what it cannot do, with the real library loaded. */
import assert from "node:assert/strict";
import { channelPermissions, workerFlags } from "../../gateway/supervisor/permissions.ts";
import { manifest } from "../../workers/whatsapp/manifest.ts";
import { assertDenials } from "../helpers/denials.ts";

for (const isolation of ["worker", "process"] as const) {
  Deno.test(`WhatsApp as a ${isolation} reaches its platform and nothing else`, async () => {
    await assertDenials({
      manifest,
      entry: new URL("../fixtures/workers/probe_whatsapp.ts", import.meta.url),
      isolation,
      config: (address) => ({ webSocketUrl: `${address.replace("http:", "ws:")}/ws/chat` }),
    });
  });
}

Deno.test("WhatsApp's worker has the network of WhatsApp and the host's name, nothing else", () => {
  assert.deepEqual(workerFlags(channelPermissions(manifest.permissions({}))), [
    "--allow-net=web.whatsapp.com:443,*.whatsapp.net:443",
    "--allow-sys=hostname",
    "--deny-run",
    "--deny-read",
    "--deny-write",
    "--deny-env",
    "--deny-ffi",
    "--deny-import",
  ]);
});

Deno.test("Another server gets its own address and the media hosts that were named, and is shown", () => {
  const config = { webSocketUrl: "wss://wa.example.org/ws/chat", mediaHosts: ["media.example.org:443", "nonsense"] };
  assert.deepEqual(manifest.permissions(config).net, ["wa.example.org:443", "media.example.org:443"]);
  assert.deepEqual(manifest.foreignAddresses(config), ["wss://wa.example.org/ws/chat", "media.example.org:443"]);
  assert.deepEqual(manifest.missing({ webSocketUrl: "http://x" }, new Set()), [
    "channels.whatsapp.webSocketUrl is not a ws: or wss: address",
  ]);
});
