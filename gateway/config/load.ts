/** From files, environment and flags to the one immutable Config. Never throws for what is written in the file. */
import type { Env } from "../observe/home.ts";
import { type Resolved, resolveSecret } from "../secrets/resolve.ts";
import { agentsPart, modelRef } from "./agents_part.ts";
import type { SecretSource } from "./gateway_auth.ts";
import { type GatewayFlags, gatewayPart } from "./gateway_part.ts";
import { modelProviders } from "./models_part.ts";
import { canvasRootOf, type Paths } from "./paths.ts";
import { choosePrimary } from "./primary_model.ts";
import { Notes, type Reading } from "./reading.ts";
import { parseConfig, type ReadConfig, readConfigFile } from "./read_file.ts";
import { bindingsPart } from "./bindings_part.ts";
import { channelsPart } from "./channels_part.ts";
import { loggingPart, messagesPart, queuePart, sessionPart } from "./session_part.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import type { Config, Issue, ProviderInfo } from "./types.ts";

export interface LoadOptions {
  readonly env: Env;
  readonly paths: Paths;
  readonly flags?: GatewayFlags;
  /** How secrets are resolved; absent: from the environment and from files. */
  readonly resolve?: (written: string) => Resolved;
  /** Finds a local Ollama; absent: it is not looked for. */
  readonly ollama?: () => Promise<ProviderInfo | undefined>;
  /** The messaging providers there are; absent: the `channels` part is not read. */
  readonly manifests?: readonly ChannelManifest[];
}

export interface LoadedConfig {
  readonly config: Config;
  readonly paths: Paths;
  readonly secretSource: SecretSource;
  /** Whether a flag, the environment or the file names the port. */
  readonly explicitPort: boolean;
  readonly canvasRoot: string;
  /** Whether a local Ollama is looked for, which needs a permission of its own. */
  readonly asksOllama: boolean;
  /** The file is there and could not be understood at all. */
  readonly unreadable: boolean;
  /** Those of the issues that come from the file itself, not from what it refers to (variables, secret files). */
  readonly invalid: readonly Issue[];
  readonly manifests: readonly ChannelManifest[];
}

export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  return await buildConfig(await readConfigFile(options.paths.configPath), options);
}

/** The same from a text, for tests and for checking a file before it is used. */
export async function configFromText(text: string | undefined, options: LoadOptions): Promise<LoadedConfig> {
  return await buildConfig(await parseConfig(text, []), options);
}

async function buildConfig(file: ReadConfig, options: LoadOptions): Promise<LoadedConfig> {
  const { paths, flags = {} } = options;
  const notes = new Notes();
  const { parts, broken } = file;
  const env = withFileVariables(options.env, file.parsed);
  const reading: Reading = { env, resolve: options.resolve ?? ((written) => resolveSecret(written, env)), notes };
  const gateway = gatewayPart(parts.gateway, broken.has("gateway"), member(file.parsed, "gateway"), flags, reading);
  const agents = agentsPart(parts.agents, notes);
  const primary = modelRef(parts.agents?.defaults?.model);
  let asksOllama = false;
  const providers = await modelProviders(parts.models, {
    named: providersNamed([primary, ...agents.list.map(({ model }) => model)]),
    ollama() {
      asksOllama = true;
      return options.ollama?.() ?? Promise.resolve(undefined);
    },
  }, reading);
  const models = choosePrimary(providers, primary, notes);
  const manifests = options.manifests ?? [];
  const channels = channelsPart(parts.channels, parts.delivery, manifests, reading);
  const canvasRoot = canvas(env, paths, parts.canvasHost?.root, notes);
  const config: Config = {
    path: paths.configPath,
    stateDir: paths.stateDir,
    exists: file.exists,
    raw: file.raw,
    parsed: file.parsed,
    issues: [...file.issues, ...notes.issues],
    warnings: [...file.warnings, ...notes.warnings],
    gateway: gateway.gateway,
    canvasHost: {
      enabled: (parts.canvasHost?.enabled ?? true) && env.get("OPENCLAW_SKIP_CANVAS_HOST") !== "1",
      port: parts.canvasHost?.port ?? canvasPort(gateway.gateway.port),
      root: canvasRoot,
      liveReload: parts.canvasHost?.liveReload ?? true,
    },
    approvals: {
      enabled: parts.approvals?.exec?.enabled ?? true,
      mode: parts.approvals?.exec?.mode ?? "session",
      targets: parts.approvals?.exec?.targets ?? [],
    },
    agents,
    models,
    session: sessionPart(parts.session),
    queue: queuePart(parts.messages),
    logging: loggingPart(parts.logging),
    channels,
    bindings: bindingsPart(parts.bindings),
    messages: messagesPart(parts.messages),
    delivery: { unknown: parts.delivery?.unknown ?? "hold" },
    commands: {
      useAccessGroups: parts.commands?.useAccessGroups ?? true,
      text: parts.commands?.text ?? true,
      ownerAllowFrom: (parts.commands?.ownerAllowFrom ?? []).map(String),
    },
  };
  const { secretSource, explicitPort } = gateway;
  return {
    config,
    paths,
    secretSource,
    explicitPort,
    canvasRoot,
    asksOllama,
    unreadable: !file.readable,
    invalid: [...file.issues, ...notes.faults],
    manifests,
  };
}

/** 18793 beside 18789; the distance is the protocol's (canvas facts, section 1). */
const canvasPort = (gatewayPort: number): number => gatewayPort + 4 > 65_535 ? gatewayPort - 4 : gatewayPort + 4;

const providersNamed = (models: readonly (string | undefined)[]): ReadonlySet<string> =>
  new Set(models.flatMap((model) => model?.split("/")[0] ?? []));

function canvas(env: Env, paths: Paths, configured: string | undefined, notes: Notes): string {
  try {
    return canvasRootOf(env, paths.stateDir, configured);
  } catch (error) {
    notes.issue("canvasHost.root", error instanceof Error ? error.message : String(error));
    return canvasRootOf(env, paths.stateDir, undefined);
  }
}

/** OpenClaw files may define variables themselves, under `env.vars` or `env`; the process environment wins. */
function withFileVariables(env: Env, parsed: unknown): Env {
  const own = member(parsed, "env");
  const vars = member(own, "vars");
  return {
    get(name) {
      const written = member(vars, name) ?? member(own, name);
      return env.get(name) ?? (typeof written === "string" && written !== "" ? written : undefined);
    },
  };
}

const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
