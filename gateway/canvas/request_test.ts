/** Tests of what a request asks for: target, range, content type, access. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { knownHosts } from "../auth/known_hosts.ts";
import { RateLimiter } from "../auth/rate_limit.ts";
import { SharedSecret } from "../auth/shared_secret.ts";
import { Secret } from "../secrets/secret.ts";
import { type AccessDeps, decideAccess, isOwnOrigin } from "./access.ts";
import { contentType } from "./content_type.ts";
import { type Content, responseHeaders } from "./headers.ts";
import { readRange } from "./range.ts";
import { readTarget } from "./target.ts";

const TOKEN = "t".repeat(43);
const CAP = `/__openclaw__/cap/${TOKEN}`;

Deno.test("targets are told apart, with and without a capability", () => {
  const area = (target: string) => readTarget(target)?.area;
  for (const prefix of ["", CAP]) {
    assert.equal(area(`${prefix}/__openclaw__/canvas`), "canvas");
    assert.equal(area(`${prefix}/__openclaw__/canvas/`), "canvas");
    assert.equal(area(`${prefix}/__openclaw__/canvas/a/b.html?x=1`), "canvas");
    assert.equal(area(`${prefix}/__openclaw__/a2ui/?v=0.9`), "a2ui");
    assert.equal(area(`${prefix}/__openclaw__/ws`), "ws");
    assert.equal(area(`${prefix}/__openclaw__/bridge.js`), "bridge");
    assert.equal(area(`${prefix}/__openclaw__/snapshot.js`), "bridge");
    for (const other of ["", "x", "ws/", "canvasx", "bridge.jsx", "../healthz", "cap/x", "canvas%2f"]) {
      assert.equal(area(`${prefix}/__openclaw__/${other}`), "none", other);
    }
  }
  assert.equal(area("/__openclaw__"), "none");
  for (const foreign of ["/", "/healthz", "/__openclaw", "/x/__openclaw__/canvas/", "http://h/__openclaw__/canvas/"]) {
    assert.equal(readTarget(foreign), undefined, foreign);
  }
  assert.equal(area(`/__openclaw__/canvas/${"a/".repeat(3_000)}`), "none");
});

Deno.test("the capability is taken from the path, also one that is none, so that it is refused and not passed over", () => {
  assert.deepEqual([readTarget(`${CAP}/__openclaw__/canvas/`)].map((each) => [each?.token, each?.prefix]), [[
    TOKEN,
    CAP,
  ]]);
  for (const bad of ["short", "", "..", "a".repeat(200), `${TOKEN}%00`, `${TOKEN};x`]) {
    const target = readTarget(`/__openclaw__/cap/${bad}/__openclaw__/canvas/`);
    assert.equal(target?.token, bad);
    assert.equal(target?.prefix, "", "and it never stands in a header or a page");
  }
  assert.equal(readTarget(`${CAP}${CAP}/__openclaw__/canvas/`)?.area, "none");
});

Deno.test("paths that lead out are no paths, however they are written", () => {
  const attacks = [
    "../x",
    "%2e%2e/x",
    "%2E%2E%2Fx",
    "..%2fx",
    "..%5cx",
    "%2e%2e%5cx",
    ".%2e/x",
    "%2e./x",
    "%252e%252e/x/../y",
    "%c0%ae%c0%ae/x",
    "%e0%80%ae/x",
    "..;/x",
    "a/../../x",
    "%00",
    "a%00.html",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc/passwd",
    "a//b",
    "./x",
    "%2e/x",
    ".env",
    "%2eenv",
    "a/.git/config",
    "\\..\\x",
    "C:%5cx",
    "C:/x",
    "%ef%bc%8e%ef%bc%8e/x",
    "%e2%80%a4%e2%80%a4/x",
    "a%ef%bc%8fb",
    "x.",
    "x%20",
    "x%0a",
    "%",
    "%zz",
    "a".repeat(3_000),
    "a/".repeat(100),
  ];
  for (const path of attacks) {
    for (const prefix of ["", CAP]) {
      assert.equal(readTarget(`${prefix}/__openclaw__/canvas/${path}`)?.area, "none", path);
    }
    assert.equal(readTarget(`/__openclaw__/a2ui/${path}`)?.area, "none", path);
  }
  const double = readTarget("/__openclaw__/canvas/%252e%252e/x");
  assert.deepEqual(double?.area === "canvas" && double.segments, ["%2e%2e", "x"], "decoded once: a name, no way out");
});

Deno.test("one range is answered, a wrong one is not, and everything else gets the whole", () => {
  const range = (header: string | undefined, ifRange?: string) => readRange(header, ifRange, 100);
  const part = (start: number, end: number) => ({ kind: "part", start, end });
  assert.deepEqual(range("bytes=0-0"), part(0, 0));
  assert.deepEqual(range("bytes=10-"), part(10, 99));
  assert.deepEqual(range("bytes=10-1000"), part(10, 99));
  assert.deepEqual(range("bytes=-10"), part(90, 99));
  assert.deepEqual(range("bytes=-1000"), part(0, 99));
  for (const header of ["bytes=100-", "bytes=1000-2000", "bytes=-0"]) {
    assert.equal(range(header).kind, "unsatisfiable", header);
  }
  for (const header of [undefined, "", "bytes=", "bytes=-", "bytes=5-1", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b"]) {
    assert.equal(range(header).kind, "whole", String(header));
  }
  assert.equal(range("bytes=0-1", '"tag"').kind, "whole");
  assert.equal(readRange("bytes=0-", undefined, 0).kind, "unsatisfiable");
});

Deno.test("content types go by the extension, and the unknown is bytes", () => {
  const types: Record<string, string> = {
    "a.html": "text/html; charset=utf-8",
    "A.HTML": "text/html; charset=utf-8",
    "a.mjs": "text/javascript; charset=utf-8",
    "a.md": "text/plain; charset=utf-8",
    "a.svg": "image/svg+xml",
    "a.wasm": "application/wasm",
    "a.woff2": "font/woff2",
    "a.xhtml": "application/octet-stream",
    "a.html.bak": "application/octet-stream",
    "html": "text/html; charset=utf-8",
    "a.constructor": "application/octet-stream",
    "a": "application/octet-stream",
  };
  for (const [name, type] of Object.entries(types)) assert.equal(contentType(name), type, name);
});

Deno.test("every answer is sandboxed, and a page may ask nothing but its own files", () => {
  const audience = { host: "desk:18793", prefix: CAP, gatewayPort: 18789, publicUrl: new URL("https://gw.example/x") };
  const csp = (content: Content, change = {}) =>
    responseHeaders(content, { ...audience, ...change })["Content-Security-Policy"] ?? "";
  for (const content of ["canvas", "a2ui-v0.8", "a2ui-v0.9", "text"] as const) {
    assert.match(csp(content), /^sandbox( allow-scripts)?; default-src 'none'; /u);
    assert.match(
      csp(content),
      /frame-ancestors 'self' http:\/\/desk:18789 https:\/\/desk:18789 https:\/\/gw\.example$/u,
    );
    assert.match(csp(content), /form-action 'none'/u);
    assert.equal((csp(content).match(/'self'/gu) ?? []).length, 1, "only where it may be framed");
  }
  const own = `://desk:18793${CAP}/__openclaw__/`;
  assert.match(csp("canvas"), /'unsafe-eval'/u);
  const sources = ["http", "https", "ws", "wss"].map((scheme) => scheme + own).join(" ");
  assert.ok(csp("canvas").includes(`connect-src ${sources};`));
  assert.ok(!/unsafe/u.test(csp("a2ui-v0.9")));
  assert.match(csp("a2ui-v0.8"), /style-src-attr 'unsafe-inline'/u);
  assert.match(csp("a2ui-v0.9"), /connect-src 'none'/u);
  assert.match(csp("canvas", { host: "[::1]:18789", prefix: "" }), /connect-src 'self'/u);
});

Deno.test("files may be read by other pages under a capability alone", () => {
  const headers = (prefix: string) =>
    responseHeaders("canvas", { host: "desk", prefix, gatewayPort: 1, publicUrl: undefined });
  assert.equal(headers(CAP)["Access-Control-Allow-Origin"], "*");
  assert.equal(headers(CAP)["Cross-Origin-Resource-Policy"], "cross-origin");
  assert.equal(headers("")["Access-Control-Allow-Origin"], undefined);
  assert.equal(headers("")["Cross-Origin-Resource-Policy"], "same-origin");
});

function access(mode: "none" | "token" = "token", trustedProxies: readonly string[] = []) {
  const clock = new FakeClock();
  const deps: AccessDeps = {
    hosts: knownHosts({ hostname: "desk", interfaces: [], bound: ["127.0.0.1"], publicUrl: undefined }),
    trustedProxies,
    secret: new SharedSecret({ mode, token: new Secret("right"), password: undefined }),
    limiter: new RateLimiter({ clock }),
    capabilities: { allows: (token) => token === TOKEN },
  };
  const ask = (headers: Record<string, string> = {}, token?: string, address = "127.0.0.1") => {
    const all: Record<string, string> = { host: "127.0.0.1:18793", ...headers };
    const peer = { address, host: all["host"], secure: false, headers: { get: (name: string) => all[name] } };
    return decideAccess(deps, peer, token);
  };
  return {
    clock,
    ask,
    by: (...given: Parameters<typeof ask>) => (({ ...result }) => result.ok && result.by)(ask(...given)),
  };
}

Deno.test("a capability, the person at this host and the secret get in; nobody else", () => {
  const { by } = access();
  assert.equal(by({}, TOKEN, "203.0.113.7"), "capability");
  assert.equal(by({}, "wrong"), false, "a wrong capability is refused at this host too");
  assert.equal(by({ authorization: "Bearer right" }, "wrong"), false);
  assert.equal(by(), "local");
  assert.equal(by({}, undefined, "203.0.113.7"), false);
  assert.equal(by({ "x-forwarded-for": "127.0.0.1" }), false);
  assert.equal(by({ host: "rebound.example" }), false);
  assert.equal(by({ authorization: "Bearer right" }, undefined, "203.0.113.7"), "bearer");
  assert.equal(by({ authorization: "bearer  right " }, undefined, "203.0.113.7"), "bearer");
  assert.equal(by({ authorization: "Bearer wrong" }), false);
  assert.equal(by({ authorization: "Basic right" }, undefined, "203.0.113.7"), false);
  assert.equal(access("none").by({ authorization: "Bearer x" }, undefined, "203.0.113.7"), false);
});

Deno.test("a page of another site that a person at this host has open loads nothing", () => {
  const { by } = access();
  assert.equal(by({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }), false);
  assert.equal(by({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", origin: "https://evil.example" }), false);
  assert.equal(by({ origin: "null" }), false);
  assert.equal(by({ origin: "http://127.0.0.1:5555" }), false, "another port is another program");
  assert.equal(by({ origin: "http://127.0.0.1:18793" }), "local");
  const followed = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  assert.equal(by({ ...followed, "sec-fetch-dest": "document" }), "local", "a link was followed");
  for (const dest of ["iframe", "frame", "object", "embed"]) {
    for (const site of ["cross-site", "same-site", "same-origin"]) {
      const framed = { "sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": dest };
      assert.equal(by(framed), false, "a frame without a capability is not ours");
      assert.equal(by(framed, TOKEN), "capability");
    }
  }
});

Deno.test("guesses at the secret are counted, and a stranger is locked out", () => {
  const { ask, by, clock } = access();
  const stranger = (secret: string) => ask({ authorization: `Bearer ${secret}` }, undefined, "203.0.113.7");
  for (let guess = 0; guess < 10; guess++) assert.ok(!stranger(`guess-${guess}`).ok);
  const locked = stranger("right");
  assert.ok(!locked.ok && locked.retryAfterMs > 0);
  assert.equal(by({}, TOKEN, "203.0.113.7"), "capability", "a capability is no guess");
  clock.advance(5 * 60_000);
  assert.ok(stranger("right").ok);
  const local = ask({ authorization: "Bearer wrong" });
  assert.ok(!local.ok && local.delayMs > 0 && local.retryAfterMs === 0, "the owner is slowed down, not locked out");
});

Deno.test("an origin is the page's own only with the same name and port", () => {
  assert.ok(isOwnOrigin(undefined, "desk:1"));
  assert.ok(isOwnOrigin("http://desk:1", "desk:1"));
  assert.ok(isOwnOrigin("https://desk", "desk:443"));
  for (const origin of ["null", "", "http://desk:2", "http://evil", "file://", "http://", "desk:1", "javascript:1"]) {
    assert.ok(!isOwnOrigin(origin, "desk:1"), origin);
  }
  assert.ok(!isOwnOrigin("null", undefined));
});
