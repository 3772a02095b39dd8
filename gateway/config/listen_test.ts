/** Tests of the addresses for each bind. */
import assert from "node:assert/strict";
import { type InterfaceAddress, planListen } from "./listen.ts";
import type { Config } from "./types.ts";

type Gateway = Config["gateway"];
const TAILNET: InterfaceAddress = { family: "IPv4", address: "100.101.1.2" };
const LAN: InterfaceAddress = { family: "IPv4", address: "192.168.1.2" };

const gateway = (changes: Partial<Gateway>): Gateway => ({
  tls: undefined,
  nodes: { allowCommands: [], denyCommands: [] },
  port: 1,
  bind: "loopback",
  customBindHost: undefined,
  publicUrl: undefined,
  auth: { mode: "token", token: undefined, password: undefined },
  trustedProxies: [],
  allowedOrigins: [],
  localRoles: "silent",
  ...changes,
});
const none: Gateway["auth"] = { mode: "none", token: undefined, password: undefined };

function plan(changes: Partial<Gateway>, interfaces: InterfaceAddress[] = [LAN, TAILNET]) {
  const { addresses, refusal, warning } = planListen(gateway(changes), () => interfaces);
  return { hosts: addresses.map(({ hostname }) => hostname), refusal, warning };
}

Deno.test("loopback is both families, and ::1 may be missing", () => {
  const { addresses } = planListen(gateway({}), () => assert.fail("interfaces are not needed"));
  assert.deepEqual(addresses.map(({ hostname, optional }) => [hostname, optional]), [["127.0.0.1", false], [
    "::1",
    true,
  ]]);
});

Deno.test("each bind has its addresses", () => {
  assert.deepEqual(plan({ bind: "lan" }).hosts, ["0.0.0.0", "::1"]);
  assert.deepEqual(plan({ bind: "tailnet" }).hosts, ["127.0.0.1", "::1", "100.101.1.2"]);
  assert.deepEqual(plan({ bind: "auto" }).hosts, ["127.0.0.1", "::1", "100.101.1.2"]);
  assert.deepEqual(plan({ bind: "auto" }, [LAN]).hosts, ["127.0.0.1", "::1"]);
  assert.deepEqual(plan({ bind: "custom", customBindHost: "192.168.1.2" }).hosts, ["127.0.0.1", "::1", "192.168.1.2"]);
  assert.deepEqual(plan({ bind: "custom", customBindHost: "0.0.0.0" }).hosts, ["0.0.0.0"]);
  assert.deepEqual(plan({ bind: "custom", customBindHost: "127.0.0.1" }).hosts, ["127.0.0.1", "::1"]);
});

Deno.test("a host without a tailnet stays on loopback and says so", () => {
  const { hosts, warning } = plan({ bind: "tailnet" }, [LAN, { family: "IPv4", address: "100.1.2.3" }]);
  assert.deepEqual(hosts, ["127.0.0.1", "::1"]);
  assert.match(warning ?? "", /no tailnet address/u);
});

for (const changes of [{ bind: "lan" }, { bind: "tailnet" }, { bind: "custom", customBindHost: "10.0.0.1" }] as const) {
  Deno.test(`mode none beyond loopback is refused for ${changes.bind}, with what to set`, () => {
    const { hosts, refusal } = plan({ ...changes, auth: none });
    assert.deepEqual(hosts, []);
    assert.match(refusal ?? "", /mode is "none".*set gateway\.auth\.token \(or OPENCLAW_GATEWAY_TOKEN\)/u);
  });
}

Deno.test("mode none is served on loopback, and auto stays there", () => {
  assert.deepEqual(plan({ auth: none }).hosts, ["127.0.0.1", "::1"]);
  assert.deepEqual(plan({ bind: "auto", auth: none }).hosts, ["127.0.0.1", "::1"]);
  assert.equal(plan({ bind: "custom", customBindHost: "127.0.0.2", auth: none }).refusal, undefined);
});

Deno.test("custom without an address or with a name is refused", () => {
  assert.match(plan({ bind: "custom" }).refusal ?? "", /customBindHost is not set/u);
  assert.match(plan({ bind: "custom", customBindHost: "my-host" }).refusal ?? "", /must be an address/u);
  assert.match(plan({ bind: "custom", customBindHost: "1.2.3.999" }).refusal ?? "", /must be an address/u);
});
