import assert from "node:assert/strict";
import { Hono } from "hono";
import { frameSources, securityHeaders } from "./security_headers.ts";

const page = new Hono()
  .use("/node/*", securityHeaders("node", () => ["box.lan:18793"]))
  .use("*", securityHeaders("webchat", () => ["box.lan:18793"]))
  .get("/", (c) => c.text("page"))
  .get("/node", (c) => c.text("node"));

const directive = (policy: string | null, name: string): string =>
  (policy ?? "").split("; ").find((one) => one.startsWith(`${name} `)) ?? "";

Deno.test("every answer of the page carries its policy, a refusal too", async () => {
  for (const path of ["/", "/missing"]) {
    const { headers } = await page.request(`http://127.0.0.1:18789${path}`);
    const policy = headers.get("content-security-policy");
    assert.equal(directive(policy, "default-src"), "default-src 'none'");
    assert.equal(directive(policy, "script-src"), "script-src 'self'");
    assert.equal(directive(policy, "frame-src"), "frame-src 'self' box.lan:18793");
    assert.match(policy ?? "", /require-trusted-types-for 'script'/u);
    assert.match(headers.get("permissions-policy") ?? "", /camera=\(\), microphone=\(\)/u);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
  }
});

Deno.test("the node page alone may use camera, microphone, place and screen", async () => {
  for (const path of ["/node", "/node/missing"]) {
    const { headers } = await page.request(`http://127.0.0.1:18789${path}`);
    const policy = headers.get("content-security-policy");
    assert.equal(directive(policy, "frame-src"), "frame-src 'self' box.lan:18793");
    assert.equal(directive(policy, "connect-src"), "connect-src 'self'");
    const allowed = headers.get("permissions-policy") ?? "";
    for (const feature of ["camera", "microphone", "geolocation", "display-capture"]) {
      assert.ok(allowed.includes(`${feature}=(self)`), feature);
    }
  }
});

Deno.test("a page frames the canvas under the name that it was asked for itself", () => {
  const own = new URL("https://claw.example");
  assert.deepEqual(frameSources("127.0.0.1:18789", 18793, undefined), ["127.0.0.1:18793"]);
  assert.deepEqual(frameSources("Box.lan:18789", 18793, own), ["box.lan:18793"]);
  assert.deepEqual(frameSources("[::1]:18789", 18793, undefined), [], "not every host of the world on that port");
  assert.deepEqual(frameSources("claw.example", 18793, own), [], "through the public address the origin is the same");
  assert.deepEqual(frameSources("127.0.0.1:18789", undefined, undefined), [], "the canvas host is off");
  for (const hostile of ["a b:1", "x;script-src *", "x, y", "'unsafe-inline'", "http://x", "*", undefined]) {
    assert.deepEqual(frameSources(hostile, 18793, undefined), [], String(hostile));
  }
});

Deno.test("the opener policy is sent only where a browser heeds it", async () => {
  const policy = async (origin: string) => (await page.request(`${origin}/`)).headers.get("cross-origin-opener-policy");
  for (const origin of ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "https://gateway.example"]) {
    assert.equal(await policy(origin), "same-origin", origin);
  }
  assert.equal(await policy("http://192.0.2.7:18789"), null);
});

Deno.test("the frame for pages of the web runs its own script alone, and only inside our pages", async () => {
  const frame = new Hono().use("/frame.html", securityHeaders("frame")).use("*", securityHeaders("webchat"));
  const { headers } = await frame.request("http://127.0.0.1:18789/frame.html");
  const policy = headers.get("content-security-policy");
  assert.equal(directive(policy, "frame-ancestors"), "frame-ancestors 'self'");
  assert.equal(headers.get("x-frame-options"), "SAMEORIGIN");
  const html = await Deno.readTextFile(new URL("../../static/webchat/frame.html", import.meta.url));
  for (const [tag, name] of [["script", "script-src"], ["style", "style-src"]] as const) {
    const text = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, "u").exec(html)?.[1] ?? "";
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toBase64();
    assert.equal(directive(policy, name), `${name} 'sha256-${hash}'`, "the hash must follow the file");
  }
});
