/** From options to a connected client: address, identity, credentials, one retry, the device token kept for next time. */
import { ownCertificatePath } from "../config/paths.ts";
import { Secret } from "../secrets/secret.ts";
import { GatewayClient, RefusedError } from "./client.ts";
import { CLI_ROLE, connectParams } from "./connect_params.ts";
import type { CliContext } from "./context.ts";
import { type Credential, mayRetry, planCredentials } from "./credentials.ts";
import { DeviceAuth, deviceAuthPath } from "./device_auth.ts";
import { toCliError } from "./failure.ts";
import { loadIdentity } from "./identity.ts";
import type { Options } from "./options.ts";
import { loadSettings, type Settings, type SharedSecret } from "./settings.ts";
import { chooseTarget, sendsInClear, type Target } from "./target.ts";

/** Longest wait for the handshake, and for an answer when `--timeout` says nothing. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/** A connected client and what a command wants to know about the connection. */
export interface Session {
  readonly client: GatewayClient;
  readonly target: Target;
  readonly settings: Settings;
  /** The deadline of one request, in milliseconds. */
  readonly timeoutMs: number;
  /** The device token store of this gateway. */
  readonly auth: DeviceAuth;
  readonly deviceId: string;
  /** Calls a method with the deadline of this session. */
  call(method: string, params?: unknown): Promise<unknown>;
}

/**
 * Connects, runs `use` and closes, whatever happens. Every failure of the protocol comes out as a CliError.
 * `caps` are the capabilities to announce, such as `tool-events`.
 */
export async function withGateway<T>(
  context: CliContext,
  options: Options,
  use: (session: Session) => Promise<T>,
  caps: readonly string[] = [],
): Promise<T> {
  const opener = await prepare(context, options, caps);
  try {
    const session = await opener.open();
    try {
      return await use(session);
    } finally {
      await session.client.close();
    }
  } catch (error) {
    throw toCliError(error, opener.target);
  }
}

/** Everything that is the same for each connection of one command; `open` may be called again after a loss. */
export interface Opener {
  readonly target: Target;
  open(): Promise<Session>;
}

export async function prepare(context: CliContext, options: Options, caps: readonly string[]): Promise<Opener> {
  const settings = await loadSettings(context.env);
  const target = chooseTarget(settings, options.text("url"), context.env);
  const explicit = { token: secret(options.text("token")), password: secret(options.text("password")) };
  const environment = {
    token: secret(context.env.get("OPENCLAW_GATEWAY_TOKEN")),
    password: secret(context.env.get("OPENCLAW_GATEWAY_PASSWORD")),
  };
  const named = [explicit.token, explicit.password, environment.token, environment.password].some(Boolean);
  if (!named) { for (const problem of settings.problems) context.out.warn(problem); }
  const identity = await loadIdentity(settings.stateDir, context.clock.now());
  const auth = await DeviceAuth.load(
    await deviceAuthPath(settings.stateDir, target.foreign ? target.url : undefined),
    identity.deviceId,
  );
  if (auth.problem !== undefined) context.out.warn(auth.problem);
  const timeoutMs = options.duration("connectTimeout") ?? DEFAULT_TIMEOUT_MS;
  const trusted = target.foreign ? [] : await ownCertificates(settings.stateDir);
  const connectWith = (credential: Credential) =>
    GatewayClient.connect({
      url: target.url,
      clock: context.clock,
      timeoutMs,
      trusted,
      params: (challenge) => connectParams({ challenge, credential, identity, version: context.version, caps }),
    });
  return {
    target,
    open: async () => {
      const plan = planFor({ target, settings, explicit, environment, auth });
      if (sendsInClear(target) && plan[0].source !== "none") warnInClear(context, target);
      const client = await connectOrRetry(plan, connectWith);
      await keepToken(client, auth, context.clock.now());
      return sessionOf(client, { target, settings, auth, deviceId: identity.deviceId, options });
    },
  };
}

/** The certificate that the gateway of this host made itself, when it made one. */
export async function ownCertificates(stateDir: string): Promise<readonly string[]> {
  try {
    return [await Deno.readTextFile(ownCertificatePath(stateDir))];
  } catch {
    return [];
  }
}

function planFor(facts: {
  readonly target: Target;
  readonly settings: Settings;
  readonly explicit: SharedSecret;
  readonly environment: SharedSecret;
  readonly auth: DeviceAuth;
}) {
  const { auth, ...rest } = facts;
  return planCredentials({ ...rest, deviceToken: secret(auth.token(CLI_ROLE)?.token) });
}

/** The first credential, and after a refusal of it the second one; never a third attempt. */
async function connectOrRetry(
  plan: readonly [Credential, ...Credential[]],
  connect: (credential: Credential) => Promise<GatewayClient>,
): Promise<GatewayClient> {
  const [first, second] = plan;
  try {
    return await connect(first);
  } catch (error) {
    if (second === undefined || !(error instanceof RefusedError) || !mayRetry(error.error)) throw error;
    return await connect(second);
  }
}

/** Keeps the device token that hello-ok brings, so that the next command needs no shared secret. */
async function keepToken(client: GatewayClient, auth: DeviceAuth, now: number): Promise<void> {
  const granted = client.hello.auth;
  if (granted?.deviceToken === undefined) return;
  await auth.store({
    token: granted.deviceToken,
    role: granted.role ?? CLI_ROLE,
    scopes: granted.scopes ?? [],
    updatedAtMs: granted.issuedAtMs ?? now,
  });
}

function sessionOf(
  client: GatewayClient,
  facts: Omit<Session, "client" | "call" | "timeoutMs"> & { readonly options: Options },
): Session {
  const { options, ...rest } = facts;
  const timeoutMs = options.duration("timeout") ?? DEFAULT_TIMEOUT_MS;
  return { ...rest, client, timeoutMs, call: (method, params) => client.request(method, params, { timeoutMs }) };
}

function warnInClear(context: CliContext, target: Target): void {
  context.out.warn(
    `${target.url} is not encrypted: everyone on the way can read the secret and the chat. ` +
      "Use wss://, or an SSH tunnel (ssh -L 18789:127.0.0.1:18789 <host>)",
  );
}

const secret = (text: string | undefined): Secret | undefined =>
  text === undefined || text === "" ? undefined : new Secret(text);
