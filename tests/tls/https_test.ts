/** HTTPS with a certificate that the gateway made itself: the page, the socket, the CLI, a link for a phone. */
import assert from "node:assert/strict";
import { request } from "node:https";
import { denoDir, freePort, runCli, TEST_TOKEN, TestGateway } from "../helpers/gateway.ts";
import { gatewayFlags } from "../helpers/permissions.ts";
import { within } from "../helpers/wait.ts";
import { ChatPage } from "../browser/chat_page.ts";
import { browserMissing, Visitor } from "../browser/chromium.ts";

const TLS = { gateway: { auth: { mode: "token", token: TEST_TOKEN }, tls: { enabled: true } } };

/** GET over HTTPS that trusts nothing but `ca`. */
function get(url: string, ca: string): Promise<{ readonly status: number; readonly headers: Record<string, unknown> }> {
  return within(
    `GET ${url}`,
    new Promise((resolve, reject) => {
      const call = request(url, { ca, agent: false }, (response) => {
        response.resume();
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: { ...response.headers } }));
      });
      call.on("error", reject);
      call.end();
    }),
    10_000,
  );
}

async function cli(gateway: TestGateway, ...args: string[]) {
  const env = {
    HOME: gateway.stateDir,
    OPENCLAW_STATE_DIR: gateway.stateDir,
    OPENCLAW_GATEWAY_PORT: `${gateway.port}`,
  };
  const base = { PATH: "/usr/bin:/bin", DENO_DIR: await denoDir(), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  return await runCli(args, { env, flags: await gatewayFlags({ ...base, ...env }, ["--for", "cli"]) });
}

Deno.test("with gateway.tls.enabled everything is HTTPS, and the printed fingerprint is that of the certificate", async () => {
  await using gateway = await TestGateway.start({ config: TLS });
  assert.match(gateway.output, /Listening +\S+, \S+, HTTPS only/u);
  assert.match(
    gateway.output,
    /Certificate +our own, valid until \d{4}-\d\d-\d\d, SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}/u,
  );
  assert.ok(gateway.link.startsWith(`https://127.0.0.1:${gateway.port}/#code=`), gateway.link);
  const ca = await Deno.readTextFile(`${gateway.stateDir}/tls/cert.pem`);
  assert.equal((await get(`https://127.0.0.1:${gateway.port}/healthz`, ca)).status, 200);
  assert.equal((await get(`https://localhost:${gateway.port}/healthz`, ca)).status, 200);
  await assert.rejects(fetch(`http://127.0.0.1:${gateway.port}/healthz`), "plain HTTP finds nobody");
});

Deno.test("the canvas port speaks HTTPS with the same certificate, and the address in hello-ok says so", async () => {
  await using gateway = await TestGateway.start({ config: TLS });
  const call = await cli(gateway, "call", "plugin.surface.refresh");
  assert.equal(call.code, 0, call.stderr);
  const canvas = /"canvas": ?"([^"]+)"/u.exec(call.stdout)?.[1] ?? "";
  assert.match(canvas, new RegExp(`^https://127\\.0\\.0\\.1:${gateway.port + 4}/__openclaw__/cap/`, "u"));
  const ca = await Deno.readTextFile(`${gateway.stateDir}/tls/cert.pem`);
  const page = await get(`${canvas}/__openclaw__/canvas/`, ca);
  assert.equal(page.status, 200);
  assert.match(String(page.headers["content-security-policy"]), /^sandbox allow-scripts/u);
  await assert.rejects(fetch(`http://127.0.0.1:${gateway.port + 4}/__openclaw__/canvas/`), "plain HTTP finds nobody");
});

Deno.test("the CLI on this host finds the gateway over HTTPS by itself, and a foreign certificate is refused", async () => {
  await using gateway = await TestGateway.start({ config: TLS });
  const status = await cli(gateway, "status", "--json");
  assert.equal(status.code, 0, status.stderr);
  const link = await cli(gateway, "call", "node.link");
  assert.equal(link.code, 0, link.stderr);
  assert.match(link.stdout, /"available": ?false/u);
  assert.match(link.stdout, /gateway\.bind/u);
  await Deno.remove(`${gateway.stateDir}/tls/cert.pem`);
  const refused = await cli(gateway, "health");
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /certificate/u);
});

Deno.test("a link for a phone carries a code for role node, an address of this host and the fingerprint", async () => {
  const port = freePort();
  const config = { gateway: { ...TLS.gateway, bind: "lan" } };
  await using gateway = await TestGateway.start({ config, port });
  const answer = await cli(gateway, "call", "node.link");
  assert.equal(answer.code, 0, answer.stderr);
  const link: unknown = JSON.parse(answer.stdout);
  assert.ok(typeof link === "object" && link !== null);
  assert.equal(Reflect.get(link, "available"), true);
  assert.match(String(Reflect.get(link, "url")), new RegExp(`^https://[^/]+:${port}/node#code=[\\w-]{32}$`, "u"));
  assert.match(String(Reflect.get(link, "qrDataUrl")), /^data:image\/png;base64,/u);
  assert.ok(gateway.output.includes(String(Reflect.get(link, "fingerprint"))));
});

Deno.test({
  name: "a browser opens WebChat over HTTPS, pairs and talks",
  ignore: browserMissing,
  async fn() {
    await using gateway = await TestGateway.start({
      config: { ...TLS, agents: { defaults: { model: { primary: "builtin/offline" } } } },
    });
    await using visitor = await Visitor.come({ ignoreHTTPSErrors: true });
    const chat = new ChatPage(await visitor.open(gateway.link));
    await chat.ready();
    await chat.send("hello");
    await chat.page.getByRole("log").getByText("hello").first().waitFor();
    assert.equal(await chat.page.evaluate(() => isSecureContext), true);
  },
});
