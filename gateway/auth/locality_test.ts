import assert from "node:assert/strict";
import { isLoopback, isTailnetAddress, limitedNetwork, normalAddress } from "./addresses.ts";
import { knownHosts } from "./known_hosts.ts";
import { locate } from "./locality.ts";

const known = knownHosts({
  hostname: "box",
  interfaces: ["127.0.0.1", "192.168.1.5", "100.101.102.103"],
  bound: ["0.0.0.0"],
  publicUrl: new URL("https://gw.example.com"),
});

function at(
  address: string,
  host: string | undefined = "127.0.0.1:18789",
  headers: Record<string, string> = {},
  trusted: string[] = [],
) {
  return locate({ address, host, secure: false, headers: { get: (name) => headers[name] } }, known, trusted);
}

Deno.test("loopback and the host's own tailnet address are local", () => {
  for (const address of ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "100.101.102.103"]) {
    assert.equal(at(address).local, true, address);
  }
  assert.equal(at("127.0.0.1", "box.tail1234.ts.net:18789").local, true);
  assert.equal(at("127.0.0.1", "localhost").local, true);
  assert.equal(at("127.0.0.1", "box").local, true);
});

Deno.test("other addresses are remote, whatever Host they send", () => {
  for (const address of ["192.168.1.5", "192.168.1.9", "100.101.102.104", "8.8.8.8", "fe80::1%eth0", "not-an-ip"]) {
    assert.equal(at(address, "localhost").local, false, address);
  }
});

Deno.test("a foreign, missing or public Host makes a loopback peer remote", () => {
  for (const host of ["evil.com", "gw.example.com", "", "localhost.evil.com"]) {
    assert.equal(at("127.0.0.1", host).local, false, host);
  }
  const noHost = { address: "127.0.0.1", host: undefined, secure: false, headers: { get: () => undefined } };
  assert.equal(locate(noHost, known, []).local, false);
});

Deno.test("any proxy header makes a loopback peer remote, from a trusted proxy too", () => {
  const headers = [
    "x-forwarded-for",
    "x-real-ip",
    "x-forwarded-host",
    "x-forwarded-proto",
    "forwarded",
    "via",
    "cf-connecting-ip",
    "tailscale-user-login",
  ];
  for (const name of headers) {
    assert.equal(at("127.0.0.1", undefined, { [name]: "127.0.0.1" }).local, false, name);
    assert.equal(at("127.0.0.1", undefined, { [name]: "127.0.0.1" }, ["127.0.0.1"]).local, false, name);
  }
  assert.equal(at("127.0.0.1", undefined, {}, ["127.0.0.1"]).local, true, "the proxy's host itself stays local");
});

Deno.test("only a trusted proxy tells the client's address, and only by the entry it wrote itself", () => {
  const spoofed = { "x-forwarded-for": "127.0.0.1, 9.9.9.9, 10.0.0.2" };
  assert.equal(at("10.0.0.1", "gw.example.com", spoofed).address, "10.0.0.1");
  assert.equal(at("10.0.0.1", "gw.example.com", spoofed, ["10.0.0.1"]).address, "10.0.0.2");
  assert.equal(at("10.0.0.1", "gw.example.com", spoofed, ["10.0.0.1", "10.0.0.2"]).address, "9.9.9.9");
  assert.equal(at("10.0.0.1", "gw.example.com", { "x-real-ip": "9.9.9.9" }, ["10.0.0.1"]).address, "9.9.9.9");
  assert.equal(at("10.0.0.1", "gw.example.com", { "x-forwarded-for": "junk" }, ["10.0.0.1"]).address, "10.0.0.1");
  assert.equal(
    at("10.0.0.1", "gw.example.com", { "x-forwarded-for": "9.9.9.9:4711" }, ["10.0.0.1"]).address,
    "9.9.9.9",
  );
});

Deno.test("clients behind an untrusted proxy share one counter, apart from the owner on loopback", () => {
  const tunnel = at("127.0.0.1", "gw.example.com", { "x-forwarded-for": "9.9.9.9" });
  const other = at("127.0.0.1", "gw.example.com", { "x-forwarded-for": "8.8.8.8" });
  const owner = at("127.0.0.1");
  assert.equal(tunnel.limitKey, other.limitKey);
  assert.notEqual(tunnel.limitKey, owner.limitKey);
  assert.deepEqual([tunnel.exempt, owner.exempt], [false, true]);
});

Deno.test("the scheme is that of our own TLS, or what a trusted proxy reports", () => {
  const https = { "x-forwarded-proto": "https" };
  assert.equal(at("10.0.0.1", undefined, https).scheme, "http");
  assert.equal(at("10.0.0.1", undefined, https, ["10.0.0.1"]).scheme, "https");
  const secure = { address: "9.9.9.9", host: "box", secure: true, headers: { get: () => undefined } };
  assert.equal(locate(secure, known, []).scheme, "https");
});

Deno.test("addresses have one spelling", () => {
  assert.equal(normalAddress("::FFFF:127.0.0.1"), "127.0.0.1");
  assert.equal(normalAddress("[0:0::1]"), "::1");
  assert.equal(normalAddress("fe80::1%eth0"), "fe80::1");
  assert.equal(normalAddress("localhost"), undefined);
  assert.equal(isLoopback("127.255.0.1"), true);
  assert.equal(isLoopback("128.0.0.1"), false);
  assert.deepEqual(["100.63.0.1", "100.64.0.0", "100.127.9.9", "100.128.0.0"].map(isTailnetAddress), [
    false,
    true,
    true,
    false,
  ]);
  assert.equal(limitedNetwork("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(limitedNetwork("::1"), "0:0:0:0::/64");
  assert.equal(limitedNetwork("9.9.9.9"), "9.9.9.9");
});
