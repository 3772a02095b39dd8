/** Tests of the addresses of the canvas host and the life of their capabilities. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { CAPABILITY_TOKEN, createCanvasSurfaces, type SurfacesDeps } from "./surfaces.ts";

function surfaces(change: Partial<SurfacesDeps> = {}) {
  const clock = new FakeClock();
  const made = createCanvasSurfaces({
    clock,
    publicUrl: undefined,
    ports: () => ({ gateway: 18789, canvas: 18793 }),
    ...change,
  });
  const url = (host: string | undefined, secure = false, connId = "c1") => made.urlFor({ connId, host, secure })?.url;
  const tokenOf = (connId = "c1") => url("127.0.0.1:18789", false, connId)?.split("/").at(-1) ?? "";
  return {
    clock,
    made,
    url,
    tokenOf,
    origin: (host: string | undefined, secure = false) => url(host, secure)?.split("/__")[0],
  };
}

Deno.test("a client that called our own port gets the canvas port under the same name", () => {
  const { origin } = surfaces();
  assert.equal(origin("127.0.0.1:18789"), "http://127.0.0.1:18793");
  assert.equal(origin("LocalHost:18789"), "http://localhost:18793");
  assert.equal(origin("desk.local:18789"), "http://desk.local:18793");
});

Deno.test("through a tunnel, a proxy or an IPv6 address the canvas is on the same origin", () => {
  const { origin } = surfaces();
  assert.equal(origin("127.0.0.1:9000"), "http://127.0.0.1:9000");
  assert.equal(origin("gateway.example", true), "https://gateway.example");
  assert.equal(origin("gateway.example:18789", true), "https://gateway.example:18789", "TLS that is not ours");
  assert.equal(origin("[::1]:18789"), "http://[::1]:18789");
});

Deno.test("with our own TLS, a default port, or no canvas port the address fits", () => {
  assert.equal(surfaces({ tls: true }).origin("192.168.1.5:18789", true), "https://192.168.1.5:18793");
  assert.equal(surfaces({ ports: () => ({ gateway: 80, canvas: 84 }) }).origin("desk"), "http://desk:84");
  assert.equal(
    surfaces({ ports: () => ({ gateway: 18789, canvas: undefined }) }).origin("127.0.0.1:18789"),
    "http://127.0.0.1:18789",
  );
});

Deno.test("publicUrl is used with its own scheme when that is the Host", () => {
  const behind = surfaces({ publicUrl: new URL("https://desk.tail1.ts.net") });
  assert.equal(behind.origin("desk.tail1.ts.net"), "https://desk.tail1.ts.net");
  assert.equal(behind.origin("127.0.0.1:18789"), "http://127.0.0.1:18793");
  const samePort = surfaces({ publicUrl: new URL("https://desk.tail1.ts.net:18789") });
  assert.equal(samePort.origin("desk.tail1.ts.net:18789"), "https://desk.tail1.ts.net:18789");
  assert.equal(surfaces({ publicUrl: new URL("http://desk:18789") }).origin("desk:18789"), "http://desk:18793");
});

Deno.test("there is no address when the host is off or the Host header is no name", () => {
  assert.equal(surfaces({ ports: () => undefined }).url("127.0.0.1:18789"), undefined);
  const { url } = surfaces();
  for (const host of [undefined, "", "a b", "x/../y", "a'b", "[::1", "a:b:c", 'x" onload="']) {
    assert.equal(url(host), undefined, String(host));
  }
});

Deno.test("a token is long, random, and one a client; asking again prolongs it", () => {
  const { clock, made, tokenOf } = surfaces();
  const token = tokenOf();
  assert.match(token, CAPABILITY_TOKEN);
  assert.ok(token.length >= 24);
  assert.notEqual(token, tokenOf("c2"));
  assert.notEqual(token, surfaces().tokenOf(), "another process, another token");
  clock.advance(9 * 60_000);
  assert.equal(tokenOf(), token);
  clock.advance(9 * 60_000);
  assert.ok(made.allows(token));
  clock.advance(60_000 + 1);
  assert.ok(!made.allows(token), "ten minutes after the last time it was asked for");
  assert.notEqual(tokenOf(), token, "one that ended does not come back");
  assert.ok(!made.allows(token));
});

Deno.test("using a token does not prolong it, and what is no token is none", () => {
  const { clock, made, tokenOf } = surfaces();
  const token = tokenOf();
  for (let minute = 0; minute < 10; minute++) {
    assert.ok(made.allows(token));
    clock.advance(60_000);
  }
  assert.ok(!made.allows(token));
  for (const other of ["", "x", `${token}x`, token.slice(1), "a".repeat(43), "a".repeat(10_000), "../".repeat(10)]) {
    assert.ok(!made.allows(other), other.slice(0, 20));
  }
});

Deno.test("when its client is gone a token ends within thirty seconds", () => {
  const { clock, made, tokenOf } = surfaces();
  const token = tokenOf();
  made.release("c1");
  made.release("unknown");
  assert.ok(made.allows(token), "a page that loads may finish");
  clock.advance(30_000);
  assert.ok(!made.allows(token));
});

Deno.test("the number of tokens is limited: expired ones go first, then the oldest", () => {
  const { clock, made, tokenOf } = surfaces({ limits: { tokens: 3 } });
  const gone = tokenOf("gone");
  made.release("gone");
  clock.advance(30_000);
  const [a, b, c] = [tokenOf("a"), tokenOf("b"), tokenOf("c")];
  assert.deepEqual([gone, a, b, c].map((each) => made.allows(each)), [false, true, true, true]);
  const d = tokenOf("d");
  assert.deepEqual([a, b, c, d].map((each) => made.allows(each)), [false, true, true, true]);
});

Deno.test("only the holder's own token is prolonged", () => {
  const { clock, made, tokenOf } = surfaces();
  const { token } = made.issue("local");
  const other = tokenOf();
  clock.advance(9 * 60_000);
  made.prolong("local", other);
  made.prolong("local", token);
  clock.advance(2 * 60_000);
  assert.deepEqual([made.allows(token), made.allows(other)], [true, false]);
  clock.advance(10 * 60_000);
  made.prolong("local", token);
  assert.ok(!made.allows(token), "an expired one stays expired");
});
