/** Tests of the link for a phone: when there is one, and what is missing when there is none. */
import assert from "node:assert/strict";
import { createNodeCode, createPhoneLink, type PhoneLinkDeps } from "./phone_link.ts";

const TLS = { certPath: undefined, keyPath: undefined };

function link(change: {
  readonly publicUrl?: string;
  readonly tls?: boolean;
  readonly open?: readonly string[];
  readonly interfaces?: readonly string[];
}) {
  const roles: (string | undefined)[] = [];
  const deps: PhoneLinkDeps = {
    gateway: {
      publicUrl: change.publicUrl === undefined ? undefined : new URL(change.publicUrl),
      tls: change.tls === true ? TLS : undefined,
    },
    addresses: () => (change.open ?? ["127.0.0.1"]).map((hostname) => ({ hostname, port: 18789 })),
    interfaces: () => change.interfaces ?? [],
    codes: {
      issue(role) {
        roles.push(role);
        return { code: "c".repeat(32), expiresAt: 600_000 };
      },
    },
    fingerprint: () => "AB:CD",
  };
  return { result: createPhoneLink(deps)(), roles };
}

Deno.test("without HTTPS there is no link, no code, and a sentence that says what to set", () => {
  const { result, roles } = link({ open: ["0.0.0.0"], interfaces: ["192.168.1.7"] });
  assert.ok(!result.available && /gateway\.publicUrl.*gateway\.tls\.enabled/u.test(result.reason));
  assert.deepEqual(roles, []);
  const plain = link({ publicUrl: "http://gateway.example" }).result;
  assert.equal(plain.available, false);
});

Deno.test("the address of a proxy wins, and its certificate is not ours to vouch for", () => {
  const { result, roles } = link({ publicUrl: "https://gateway.example/", tls: true });
  assert.ok(result.available);
  assert.equal(result.url, `https://gateway.example/node#code=${"c".repeat(32)}`);
  assert.equal(result.fingerprint, undefined);
  assert.deepEqual(roles, ["node"]);
});

Deno.test("with HTTPS on loopback alone the reason names gateway.bind", () => {
  const { result } = link({ tls: true, open: ["127.0.0.1", "::1"] });
  assert.ok(!result.available && /gateway\.bind/u.test(result.reason));
});

Deno.test("the wildcard becomes an address of the local network", () => {
  const interfaces = ["127.0.0.1", "::1", "169.254.3.4", "100.101.102.103", "192.168.1.7", "fe80::1"];
  const { result } = link({ tls: true, open: ["0.0.0.0", "::1"], interfaces });
  assert.ok(result.available);
  assert.ok(result.url.startsWith("https://192.168.1.7:18789/node#code="));
  assert.equal(result.fingerprint, "AB:CD");
});

Deno.test("an address that was named is used as it is", () => {
  const { result } = link({ tls: true, open: ["127.0.0.1", "fd00::5"] });
  assert.ok(result.available && result.url.startsWith("https://[fd00::5]:18789/"));
});

Deno.test("a code alone needs no address, and is for a node only", () => {
  const roles: (string | undefined)[] = [];
  const made = createNodeCode({
    issue(role) {
      roles.push(role);
      return { code: "c", expiresAt: 600_000 };
    },
  })();
  assert.deepEqual([made, roles], [{ code: "c", expiresAtMs: 600_000 }, ["node"]]);
});
