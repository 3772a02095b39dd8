/** `openclaw node run`: our headless node, in the foreground until it is told to stop. */
import { createApprovalsFile } from "../../approval/file_store.ts";
import { heldPermissions } from "../../config/permissions.ts";
import { createLog } from "../../observe/log.ts";
import { Secret } from "../../secrets/secret.ts";
import { type ClientSelf, connectParamsOf } from "../connect_params.ts";
import { GatewayClient, RefusedError } from "../client.ts";
import { type Credential, mayRetry, planCredentials } from "../credentials.ts";
import { ownCertificates } from "../connect.ts";
import type { CliContext, Command } from "../context.ts";
import { DeviceAuth, deviceAuthPath } from "../device_auth.ts";
import { CliError } from "../exit.ts";
import { type Identity, loadIdentity, nodeIdentityPath } from "../identity.ts";
import type { Options } from "../options.ts";
import { clean } from "../output.ts";
import { takeSignals } from "../signals.ts";
import { sendsInClear } from "../target.ts";
import { CAPS, nodeActions, OFFERED } from "./commands.ts";
import { baseEnvironment, pathFolders } from "./environment.ts";
import { Folders } from "./folders.ts";
import { NodeHost } from "./host.ts";
import { keepConnected } from "./link.ts";
import { nodePermissions } from "./permissions.ts";
import { programsOf } from "./programs.ts";
import { Runner } from "./run.ts";
import { approvalsPath, type NodeSettings, nodeSettings } from "./settings.ts";

const CONNECT_MS = 15_000;
const DESKTOP = ["DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];

export const runCommand: Command = async (context, options) => {
  const node = await nodeSettings(context.env, {
    url: options.text("url"),
    host: options.text("host"),
    port: options.text("port"),
    tls: options.flag("tls"),
    name: options.text("name"),
    allowDirs: options.list("allowDir"),
    programs: options.list("allowProgram"),
  });
  for (const problem of node.problems) context.out.warn(problem);
  await checkRights(context, node);
  const { stateDir } = node.settings;
  const identity = await loadIdentity(stateDir, context.clock.now(), nodeIdentityPath(stateDir));
  const stop = new AbortController();
  const signals = takeSignals();
  void signals.first.then(() => stop.abort());
  const { host, flush } = await hostOf(context, node, identity);
  try {
    await serve({ context, options, node, identity, host, signal: stop.signal });
  } finally {
    await host.stop();
    flush();
    signals.release();
  }
};

async function hostOf(context: CliContext, node: NodeSettings, identity: Identity) {
  const { env, clock, out } = context;
  const { stateDir } = node.settings;
  const log = createLog("warn", (line) => out.note(line));
  const approvals = createApprovalsFile({ path: approvalsPath(stateDir), clock, log });
  const programs = programsOf(env);
  const base = baseEnvironment(env);
  const desktop = DESKTOP.flatMap((name) => {
    const value = env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  const runner = new Runner({
    clock,
    programs,
    rules: approvals,
    base,
    home: node.home,
    tell: (event) => host.tell(event),
  });
  const host: NodeHost = new NodeHost({
    nodeId: identity.deviceId,
    say: (line) => out.line(line),
    actions: nodeActions({
      clock,
      programs,
      runner,
      approvals,
      folders: new Folders(node.allowDirs, [stateDir, await Deno.realPath(stateDir)]),
      desktop: { ...base, ...Object.fromEntries(desktop) },
    }),
  });
  return { host, flush: () => approvals.flush() };
}

interface Service {
  readonly context: CliContext;
  readonly options: Options;
  readonly node: NodeSettings;
  readonly identity: Identity;
  readonly host: NodeHost;
  readonly signal: AbortSignal;
}

async function serve(service: Service): Promise<void> {
  const { context, options, node, identity, host, signal } = service;
  const { out, clock } = context;
  const { target, settings } = node;
  const auth = await DeviceAuth.load(
    await deviceAuthPath(settings.stateDir, target.foreign ? target.url : undefined, "node"),
    identity.deviceId,
  );
  if (auth.problem !== undefined) out.warn(auth.problem);
  const self = selfOf(context, node);
  if (sendsInClear(target)) out.warn(`${target.url} is not encrypted: use wss://, or an SSH tunnel`);
  out.line(`Node "${clean(self.displayName ?? "")}" (${identity.deviceId.slice(0, 12)}) for ${target.url}`);
  await keepConnected({
    clock,
    target,
    signal,
    once: options.flag("once"),
    say: (line) => out.line(line),
    open: () => open(service, self, auth),
    attach: (client) => {
      out.line(`Connected to ${target.url}, gateway ${clean(client.hello.server.version)}`);
      return host.attach(client);
    },
    settle: () => host.stop(),
  });
}

/** The credentials in order, and the device token of hello-ok kept for the next time. */
async function open(service: Service, self: ClientSelf, auth: DeviceAuth): Promise<GatewayClient> {
  const { context, node, identity } = service;
  const plan = planOf(service, auth);
  const trusted = node.target.foreign ? [] : await ownCertificates(node.settings.stateDir);
  for (const [index, credential] of plan.entries()) {
    try {
      const client = await GatewayClient.connect({
        url: node.target.url,
        clock: context.clock,
        timeoutMs: CONNECT_MS,
        keepEarly: true,
        trusted,
        params: (challenge) => connectParamsOf(self, { challenge, credential, identity, version: context.version }),
      });
      await keepToken(client, auth, context.clock.now());
      return client;
    } catch (error) {
      const last = index === plan.length - 1;
      if (last || !(error instanceof RefusedError) || !mayRetry(error.error)) throw error;
    }
  }
  throw new CliError("failed", "Cannot connect: there is nothing to show at the door");
}

/**
 * A one-use code is for the first time: once the gateway gave this node a token of its own, the token is tried first, so
 * that the same command line works for ever.
 */
function planOf({ context, options, node }: Service, auth: DeviceAuth): readonly Credential[] {
  const { env } = context;
  const stored = auth.token("node")?.token;
  const deviceToken = stored === undefined ? undefined : new Secret(stored);
  const explicit = { token: secret(options.text("token")), password: secret(options.text("password")) };
  const code = secret(options.text("code"));
  if (code !== undefined && explicit.token === undefined && explicit.password === undefined) {
    const first: Credential = { source: "code", bootstrapToken: code };
    return deviceToken === undefined ? [first] : [{ source: "device token", deviceToken }, first];
  }
  return planCredentials({
    target: node.target,
    settings: node.settings,
    explicit,
    environment: {
      token: secret(env.get("OPENCLAW_GATEWAY_TOKEN")),
      password: secret(env.get("OPENCLAW_GATEWAY_PASSWORD")),
    },
    deviceToken,
  });
}

async function keepToken(client: GatewayClient, auth: DeviceAuth, now: number): Promise<void> {
  const granted = client.hello.auth;
  if (granted?.deviceToken === undefined) return;
  await auth.store({
    token: granted.deviceToken,
    role: "node",
    scopes: granted.scopes ?? [],
    updatedAtMs: granted.issuedAtMs ?? now,
  });
}

const secret = (text: string | undefined): Secret | undefined =>
  text === undefined || text === "" ? undefined : new Secret(text);

function selfOf({ env }: CliContext, node: NodeSettings): ClientSelf {
  return {
    id: "node-host",
    mode: "node",
    displayName: node.displayName ?? hostname(),
    role: "node",
    scopes: [],
    caps: CAPS,
    commands: OFFERED,
    pathEnv: pathFolders(env).join(Deno.build.os === "windows" ? ";" : ":"),
  };
}

function hostname(): string {
  try {
    return Deno.hostname();
  } catch {
    return "node";
  }
}

/** Without its gateway and its folder a node is nothing; what else is missing, or too much, costs a warning. */
async function checkRights({ out, env }: CliContext, node: NodeSettings): Promise<void> {
  const { missing, wide } = heldPermissions(await nodePermissions(node, env));
  const { stateDir } = node.settings;
  const lacks = [...missing.net, ...[...missing.read, ...missing.write].filter((path) => path === stateDir)];
  if (lacks.length > 0) {
    throw new CliError("permission", `Cannot start: this process was started without ${lacks.join(", ")}`, [
      "Run: deno task node, which takes its rights from the environment and the configuration",
      "An executable has the rights that it was compiled with; see: openclaw node run --help",
    ]);
  }
  const folders = node.allowDirs.filter((path) => missing.read.includes(path));
  if (folders.length > 0) out.warn(`Without the right to read ${folders.join(", ")}: add them to nodeHost.allowDirs`);
  const programs = node.programs.filter((name) => missing.run.includes(name));
  if (programs.length > 0) {
    out.warn(`Without the right to run ${programs.join(", ")}: not installed, or add them to nodeHost.programs`);
  }
  if (wide.length > 0) out.warn(`This process holds whole permissions that a node does not need: ${wide.join(", ")}`);
}
