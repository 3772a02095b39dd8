import assert from "node:assert/strict";
import { checkHost, hostName, type KnownHosts, knownHosts } from "./known_hosts.ts";
import { checkBrowser, checkOrigin, type OriginRules } from "./origin.ts";

const known = (over: Partial<Parameters<typeof knownHosts>[0]> = {}): KnownHosts =>
  knownHosts({
    hostname: "Box.lan",
    interfaces: ["127.0.0.1", "::1", "192.168.1.5", "100.101.102.103", "fd7a:115c:a1e0::9"],
    bound: ["127.0.0.1", "::1"],
    publicUrl: undefined,
    ...over,
  });

Deno.test("loopback names are known with any port, as tunnels choose it", () => {
  for (
    const host of [
      "localhost",
      "localhost:1",
      "127.0.0.1:65535",
      "127.9.9.9",
      "[::1]:18789",
      "LOCALHOST:8080",
      "localhost.:80",
    ]
  ) {
    assert.equal(checkHost(host, known()).ok, true, host);
  }
});

Deno.test("the host's own names, tailnet names and tailnet addresses are known", () => {
  const cases = [
    ["box.lan:18789", "own"],
    ["box", "own"],
    ["BOX.local:1", "own"],
    ["box.tail1234.ts.net", "tailnet"],
    ["100.101.102.103:18789", "tailnet"],
    ["[fd7a:115c:a1e0::9]:18789", "tailnet"],
  ] as const;
  for (const [host, kind] of cases) {
    const checked = checkHost(host, known());
    assert.equal(checked.ok && checked.kind, kind, host);
  }
});

Deno.test("an address is known only while the gateway listens on it", () => {
  assert.deepEqual(checkHost("192.168.1.5:18789", known()), { ok: false, reason: "host-unknown" });
  assert.equal(checkHost("192.168.1.5:18789", known({ bound: ["0.0.0.0"] })).ok, true);
  assert.equal(checkHost("192.168.1.5", known({ bound: ["192.168.1.5"] })).ok, true);
  assert.equal(checkHost("192.168.1.6", known({ bound: ["0.0.0.0"] })).ok, false);
  assert.equal(checkHost("0.0.0.0:18789", known({ bound: ["0.0.0.0"] })).ok, false, "the wildcard names no host");
});

Deno.test("gateway.publicUrl makes its name known", () => {
  const publicUrl = new URL("https://gw.example.com/ui");
  assert.equal(checkHost("gw.example.com", known({ publicUrl })).ok, true);
  assert.equal(checkHost("gw.example.com:443", known({ publicUrl })).ok, true);
  assert.equal(checkHost("gw.example.com.evil.com", known({ publicUrl })).ok, false);
  assert.equal(checkHost("gw.example.com", known()).ok, false);
});

Deno.test("rebound, missing and malformed hosts are foreign", () => {
  const foreign = [
    "evil.com",
    "evil.com:18789",
    "localhost.evil.com",
    "127.0.0.1.evil.com",
    "127.evil.com",
    "xts.net",
    "ts.net.evil.com",
    "100.101.102.104",
    "[::2]",
    "box.evil.com",
  ];
  for (const host of foreign) assert.deepEqual(checkHost(host, known()), { ok: false, reason: "host-unknown" }, host);
  for (const host of [undefined, ""]) assert.deepEqual(checkHost(host, known()), { ok: false, reason: "host-missing" });
  for (
    const host of ["a b", "user@localhost", "localhost/", "localhost:x", "localhost,evil.com", "[zz]", "[::1", "."]
  ) {
    assert.deepEqual(checkHost(host, known()), { ok: false, reason: "host-malformed" }, host);
  }
});

Deno.test("IPv6 and mapped addresses have one spelling", () => {
  assert.equal(hostName("[0:0:0:0:0:0:0:1]:80"), "::1");
  assert.equal(hostName("[::ffff:127.0.0.1]:80"), "127.0.0.1");
  assert.equal(hostName("[FD7A:115C:A1E0::0009]"), "fd7a:115c:a1e0::9");
});

const NO_RULES: OriginRules = { allowedOrigins: [], publicUrl: undefined };
const HOST = "127.0.0.1:18789";

Deno.test("an origin passes only as scheme and authority of the request's own Host", () => {
  assert.deepEqual(checkOrigin(`http://${HOST}`, HOST, "http", NO_RULES), { ok: true, via: "same" });
  assert.deepEqual(checkOrigin("https://box.lan", "box.lan", "https", NO_RULES), { ok: true, via: "same" });
  assert.deepEqual(checkOrigin("https://box.lan", "box.lan:443", "https", NO_RULES), { ok: true, via: "same" });
  assert.deepEqual(checkOrigin("HTTP://LocalHost:18789", "localhost:18789", "http", NO_RULES), {
    ok: true,
    via: "same",
  });
  const refused = [
    "http://127.0.0.1:18790", // another program's page on the same host
    "http://127.0.0.1",
    "https://127.0.0.1:18789",
    "http://localhost:18789", // another name of the same host is another origin
    "http://evil.com",
    "http://127.0.0.1.evil.com:18789",
  ];
  for (const origin of refused) {
    assert.deepEqual(checkOrigin(origin, HOST, "http", NO_RULES), { ok: false, reason: "origin-not-allowed" }, origin);
  }
});

Deno.test("no origin passes, null and malformed ones never do, not even by *", () => {
  const all: OriginRules = { allowedOrigins: ["*", "null"], publicUrl: undefined };
  assert.deepEqual(checkOrigin(undefined, HOST, "http", NO_RULES), { ok: true, via: "none" });
  for (const origin of ["null", " null", ""]) {
    assert.deepEqual(checkOrigin(origin, HOST, "http", all), { ok: false, reason: "origin-null" });
  }
  for (
    const origin of ["evil.com", "http://", `http://${HOST}/path`, "http://a@b", "http://a b", "//x", "http://a?b"]
  ) {
    assert.deepEqual(checkOrigin(origin, HOST, "http", all), { ok: false, reason: "origin-malformed" }, origin);
  }
});

Deno.test("listed origins pass exactly, * passes any and is told apart", () => {
  const rules: OriginRules = { allowedOrigins: ["https://ui.example.com/", "app://openclaw"], publicUrl: undefined };
  assert.deepEqual(checkOrigin("https://ui.example.com", HOST, "http", rules), { ok: true, via: "listed" });
  assert.deepEqual(checkOrigin("https://ui.example.com:443", HOST, "http", rules), { ok: true, via: "listed" });
  assert.deepEqual(checkOrigin("app://openclaw", HOST, "http", rules), { ok: true, via: "listed" });
  for (
    const origin of ["http://ui.example.com", "https://ui.example.com:444", "https://x.ui.example.com", "app://other"]
  ) {
    assert.equal(checkOrigin(origin, HOST, "http", rules).ok, false, origin);
  }
  const any = { ...rules, allowedOrigins: [...rules.allowedOrigins, "*"] };
  assert.deepEqual(checkOrigin("https://evil.com", HOST, "http", any), { ok: true, via: "any" });
  assert.deepEqual(checkOrigin("https://ui.example.com", HOST, "http", any), { ok: true, via: "listed" });
});

Deno.test("at gateway.publicUrl the origin has the scheme that is written there", () => {
  const rules: OriginRules = { allowedOrigins: [], publicUrl: new URL("https://gw.example.com") };
  assert.deepEqual(checkOrigin("https://gw.example.com", "gw.example.com", "http", rules), { ok: true, via: "same" });
  assert.equal(checkOrigin("http://gw.example.com", "gw.example.com", "http", rules).ok, false);
  assert.equal(checkOrigin("https://gw.example.com", HOST, "http", rules).ok, false);
});

Deno.test("a page under a foreign Host is refused even when Origin and Host agree or the origin is listed", () => {
  const rules: OriginRules = { allowedOrigins: ["http://evil.com:18789", "*"], publicUrl: undefined };
  const rebound = checkBrowser("http://evil.com:18789", "evil.com:18789", "http", rules, known());
  assert.deepEqual(rebound, { ok: false, reason: "host-unknown" });
  assert.deepEqual(checkBrowser(undefined, "evil.com", "http", rules, known()), { ok: true, via: "none" });
});
