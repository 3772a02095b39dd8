import assert from "node:assert/strict";
import { Hono } from "hono";
import { CSP, securityHeaders } from "./security_headers.ts";

const page = new Hono().use("*", securityHeaders("webchat")).get("/", (c) => c.text("page"));

Deno.test("every answer of the page carries its policy, a refusal too", async () => {
  for (const path of ["/", "/missing"]) {
    const { headers } = await page.request(`http://127.0.0.1:18789${path}`);
    assert.equal(headers.get("content-security-policy"), CSP.webchat);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
  }
});

Deno.test("the opener policy is sent only where a browser heeds it", async () => {
  const policy = async (origin: string) => (await page.request(`${origin}/`)).headers.get("cross-origin-opener-policy");
  for (const origin of ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "https://gateway.example"]) {
    assert.equal(await policy(origin), "same-origin", origin);
  }
  assert.equal(await policy("http://192.0.2.7:18789"), null);
});
