/** What the Discord worker cannot do, with the real library under its real permission set. */
import assert from "node:assert/strict";
import { manifest } from "../../workers/discord/manifest.ts";
import { assertDenials } from "../helpers/denials.ts";

for (const isolation of ["worker", "process"] as const) {
  Deno.test(`${isolation}: the Discord worker reaches its platform and nothing else`, async () => {
    await assertDenials({
      manifest,
      entry: new URL("../fixtures/workers/probe_discord.ts", import.meta.url),
      isolation,
      config: (address) => ({ apiRoot: `${address}/api` }),
      secrets: { token: "MTIz.fake.token" },
    });
  });
}

Deno.test("its permissions are Discord's hosts alone, and follow apiRoot with what the configuration names", () => {
  const own = ["discord.com:443", "*.discord.gg:443", "cdn.discordapp.com:443", "media.discordapp.net:443"];
  assert.deepEqual(manifest.permissions({}), { net: own, sys: [], run: [] });
  assert.deepEqual(manifest.permissions({ apiRoot: "https://discord.com/api" }).net, own);
  assert.deepEqual(manifest.foreignAddresses({ apiRoot: "https://discord.com/api/" }), []);
  const foreign = {
    apiRoot: "http://127.0.0.1:8080/api",
    gatewayHosts: ["127.0.0.1:8081"],
    mediaHosts: ["127.0.0.1:8082"],
  };
  assert.deepEqual(manifest.permissions(foreign).net, ["127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8082"]);
  assert.deepEqual(manifest.foreignAddresses(foreign), [
    "http://127.0.0.1:8080/api",
    "127.0.0.1:8081",
    "127.0.0.1:8082",
  ]);
  assert.deepEqual(manifest.permissions({ apiRoot: "file:///etc" }), { net: [], sys: [], run: [] });
  assert.deepEqual(manifest.missing({ apiRoot: "nonsense" }, new Set()).length, 2);
});
