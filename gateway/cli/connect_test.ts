/** From options to a connected client: what is sent, what is kept, what is tried again, and how failures read. */
import assert from "node:assert/strict";
import { tempState, testCli, type TestCliOptions } from "../../tests/helpers/cli_context.ts";
import { CHALLENGE, FakeGateway, type Handler, HELLO, verifies, welcoming } from "../../tests/helpers/fake_gateway.ts";
import { withGateway } from "./connect.ts";
import { DeviceAuth, deviceAuthPath } from "./device_auth.ts";
import { CliError, type Exit } from "./exit.ts";
import { loadIdentity } from "./identity.ts";
import { Options } from "./options.ts";

const MISMATCH = {
  code: "INVALID_REQUEST",
  message: "unauthorized: gateway token mismatch (set gateway.remote.token to match gateway.auth.token)",
  details: { code: "AUTH_TOKEN_MISMATCH", recommendedNextStep: "update_auth_credentials" },
};

interface Setup {
  readonly handler?: Handler;
  readonly config?: Record<string, unknown>;
  readonly options?: Record<string, unknown>;
  readonly env?: TestCliOptions["env"];
  /** A device token from an earlier connection to this gateway. */
  readonly stored?: string;
}

/** Connects once to a fake gateway, which the configuration file names by its port. */
async function connectOnce(setup: Setup) {
  await using state = await tempState();
  await using fake = await FakeGateway.start(setup.handler ?? welcoming());
  const gateway = { port: fake.port, ...setup.config };
  await Deno.writeTextFile(`${state.dir}/openclaw.json`, JSON.stringify({ gateway }), { mode: 0o600 });
  const identity = await loadIdentity(state.dir, 1);
  const auth = await DeviceAuth.load(await deviceAuthPath(state.dir, undefined), identity.deviceId);
  if (setup.stored !== undefined) {
    await auth.store({ token: setup.stored, role: "operator", scopes: [], updatedAtMs: 1 });
  }
  const cli = testCli({ env: { OPENCLAW_STATE_DIR: state.dir, ...setup.env } });
  const result = await withGateway(cli.context, new Options(setup.options), (session) => {
    return Promise.resolve(session.client.hello.server.version);
  }).catch((error: unknown) => {
    if (error instanceof CliError) return error;
    throw error;
  });
  const kept = await DeviceAuth.load(await deviceAuthPath(state.dir, undefined), identity.deviceId);
  return { result, fake, identity, cli, kept: kept.token("operator") };
}

const failed = (result: string | CliError, exit: Exit): CliError => {
  assert.ok(result instanceof CliError, `connected: ${String(result)}`);
  assert.equal(result.exit, exit, result.message);
  return result;
};
const authOf = (fake: FakeGateway, n = 0) => fake.connectParams(n)["auth"];
/** Refuses every credential but this one. */
const only = (key: string, value: string): Handler => (request, socket) => {
  const auth = request.params["auth"];
  const shown = typeof auth === "object" && auth !== null ? Reflect.get(auth, key) : undefined;
  if (request.method === "connect" && shown !== value) {
    socket.refuse(request, MISMATCH);
    socket.close(1008, "unauthorized");
  } else welcoming()(request, socket);
};

Deno.test("connect says who this is and proves it with a signature over the sent token", async () => {
  const { fake, identity } = await connectOnce({ config: { auth: { token: "shared" } } });
  const params = fake.connectParams();
  assert.equal(params["minProtocol"], 3);
  assert.equal(params["maxProtocol"], 4);
  assert.equal(params["role"], "operator");
  assert.deepEqual(params["auth"], { token: "shared" });
  const { client, device, scopes } = params;
  assert.ok(typeof client === "object" && client !== null && typeof device === "object" && device !== null);
  assert.deepEqual([Reflect.get(client, "id"), Reflect.get(client, "mode")], ["cli", "cli"]);
  assert.equal(Reflect.get(device, "id"), identity.deviceId);
  assert.equal(Reflect.get(device, "signedAt"), CHALLENGE.ts);
  assert.equal(Reflect.get(device, "nonce"), CHALLENGE.nonce);
  assert.ok(Array.isArray(scopes));
  const text = ["v3", identity.deviceId, "cli", "cli", "operator", scopes.join(","), CHALLENGE.ts, "shared"].concat(
    [CHALLENGE.nonce, Reflect.get(client, "platform"), String(Reflect.get(client, "deviceFamily")).toLowerCase()],
  ).join("|");
  assert.ok(verifies(identity.publicKey, String(Reflect.get(device, "signature")), text));
});

Deno.test("the device token of hello-ok is kept and shown the next time", async () => {
  const hello = { ...HELLO, auth: { ...HELLO.auth, deviceToken: "dt-1", issuedAtMs: 77 } };
  const { kept } = await connectOnce({ handler: welcoming(() => {}, hello), config: { auth: { token: "shared" } } });
  assert.deepEqual(kept, { token: "dt-1", role: "operator", scopes: ["operator.admin"], updatedAtMs: 77 });
  const { fake } = await connectOnce({ stored: "dt-1", config: { auth: { token: "shared" } } });
  assert.deepEqual(authOf(fake), { deviceToken: "dt-1" });
});

Deno.test("a stored device token that is refused is followed once by the shared secret", async () => {
  const { result, fake } = await connectOnce({
    stored: "stale",
    handler: only("token", "shared"),
    config: { auth: { token: "shared" } },
  });
  assert.equal(result, "1.2.3");
  assert.deepEqual([authOf(fake, 0), authOf(fake, 1)], [{ deviceToken: "stale" }, { token: "shared" }]);
});

Deno.test("there is never a third attempt, and none after what a person named", async () => {
  const twice = await connectOnce({ stored: "s", handler: only("token", "x"), config: { auth: { token: "y" } } });
  failed(twice.result, "refused");
  assert.equal(twice.fake.requests.length, 2);
  const named = await connectOnce({ stored: "s", handler: only("token", "x"), options: { token: "wrong" } });
  failed(named.result, "refused");
  assert.deepEqual(named.fake.requests.map(({ params }) => params["auth"]), [{ token: "wrong" }]);
});

Deno.test("the environment gives the secret, and --token stands above it", async () => {
  const env = { OPENCLAW_GATEWAY_TOKEN: "et", OPENCLAW_GATEWAY_PASSWORD: "ep" };
  assert.deepEqual(authOf((await connectOnce({ env })).fake), { token: "et", password: "ep" });
  assert.deepEqual(authOf((await connectOnce({ env, options: { password: "op" } })).fake), { password: "op" });
});

Deno.test("a refusal repeats the gateway's sentence, names the next step and never the secret", async () => {
  const { result, cli } = await connectOnce({ handler: only("token", "x"), options: { token: "very-secret" } });
  const error = failed(result, "refused");
  assert.match(error.message, /unauthorized: gateway token mismatch/u);
  assert.match(error.hints.join(), /--token, OPENCLAW_GATEWAY_TOKEN/u);
  assert.ok(!`${error.message}${error.hints.join()}${cli.stderr()}${cli.stdout()}`.includes("very-secret"));
});

const refusing = (error: Record<string, unknown>): Handler => (request, socket) => {
  socket.refuse(request, error);
  socket.close(1008, "refused");
};

Deno.test("a device that waits for approval learns its request id and the command for the owner", async () => {
  const details = { code: "PAIRING_REQUIRED", reason: "not-paired", requestId: "req-1" };
  const { result } = await connectOnce({
    handler: refusing({ code: "NOT_PAIRED", message: "pairing required: device is not approved yet", details }),
  });
  const error = failed(result, "notPaired");
  assert.match(error.message, /req-1/u);
  assert.match(error.hints.join("\n"), /openclaw devices approve req-1/u);
  const hostile = await connectOnce({
    handler: refusing({ code: "NOT_PAIRED", message: "no", details: { requestId: "x; rm -rf ~" } }),
  });
  assert.ok(!failed(hostile.result, "notPaired").hints.join().includes("rm -rf"));
});

Deno.test("each kind of refusal has its exit code", async () => {
  const rated = { code: "INVALID_REQUEST", message: "slow down", details: { code: "AUTH_RATE_LIMITED" } };
  const limited = await connectOnce({ handler: refusing({ ...rated, retryAfterMs: 90_000 }), stored: "s" });
  assert.match(failed(limited.result, "temporary").hints.join(), /Try again in 1 min/u);
  assert.equal(limited.fake.requests.length, 1);
  const starting = await connectOnce({
    handler: refusing({ code: "UNAVAILABLE", message: "starting", retryable: true }),
  });
  failed(starting.result, "temporary");
  const old = await connectOnce({
    handler: refusing({
      code: "INVALID_REQUEST",
      message: "protocol mismatch",
      details: { code: "PROTOCOL_MISMATCH" },
    }),
  });
  assert.match(failed(old.result, "failed").hints.join(), /Update/u);
  const closed = await connectOnce({ handler: (_, socket) => socket.close(1013, "too many connections") });
  failed(closed.result, "temporary");
  const dropped = await connectOnce({ handler: (_, socket) => socket.drop() });
  failed(dropped.result, "unreachable");
});

Deno.test("a gateway that does not run is named with the way to start it", async () => {
  await using state = await tempState();
  const free = await FakeGateway.start(welcoming());
  await free[Symbol.asyncDispose]();
  const cli = testCli({ env: { OPENCLAW_STATE_DIR: state.dir, OPENCLAW_GATEWAY_PORT: String(free.port) } });
  const use = (options: Record<string, unknown>) =>
    withGateway(cli.context, new Options(options), () => Promise.resolve()).then(() => undefined, (error) => error);
  const own = await use({});
  assert.ok(own instanceof CliError && own.exit === "unreachable");
  assert.match(own.message, /Cannot reach a gateway at ws:\/\/127\.0\.0\.1:\d+\/: nothing listens there/u);
  assert.match(own.hints.join("\n"), /openclaw gateway/u);
  const other = await use({ url: `ws://localhost:${free.port}/x` });
  assert.ok(other instanceof CliError && /comes from --url/u.test(other.hints.join()));
});

Deno.test("a gateway named by --url neither gets nor replaces the device token of this host's gateway", async () => {
  await using state = await tempState();
  const hello = { ...HELLO, auth: { ...HELLO.auth, deviceToken: "foreign" } };
  await using fake = await FakeGateway.start(welcoming(() => {}, hello));
  const identity = await loadIdentity(state.dir, 1);
  const own = await DeviceAuth.load(await deviceAuthPath(state.dir, undefined), identity.deviceId);
  await own.store({ token: "own", role: "operator", scopes: [], updatedAtMs: 1 });
  const cli = testCli({ env: { OPENCLAW_STATE_DIR: state.dir } });
  const connect = () => withGateway(cli.context, new Options({ url: fake.url }), () => Promise.resolve());
  await connect();
  await connect();
  assert.deepEqual([authOf(fake, 0), authOf(fake, 1)], [undefined, { deviceToken: "foreign" }]);
  const again = await DeviceAuth.load(await deviceAuthPath(state.dir, undefined), identity.deviceId);
  assert.equal(again.token("operator")?.token, "own");
});

Deno.test("a configuration that cannot be read is a warning, unless the secret was named anyway", async () => {
  await using state = await tempState();
  await using fake = await FakeGateway.start(welcoming());
  await Deno.writeTextFile(`${state.dir}/openclaw.json`, "{ broken");
  const env = { OPENCLAW_STATE_DIR: state.dir, OPENCLAW_GATEWAY_PORT: String(fake.port) };
  const run = async (options: Record<string, unknown>) => {
    const cli = testCli({ env });
    await withGateway(cli.context, new Options(options), () => Promise.resolve());
    return cli.stderr();
  };
  assert.match(await run({}), /Warning: Cannot read the configuration/u);
  assert.equal(await run({ token: "t" }), "");
});
