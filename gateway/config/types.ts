/** The configuration after reading: defaults filled in, secrets resolved, bad parts disabled. Immutable. */
import type { ModelApi } from "../../schemas/worker/agent.ts";
import type { Level } from "../observe/log.ts";
import type { Secret } from "../secrets/secret.ts";

export interface Issue {
  /** Dotted path in the file, such as `gateway.port`. */
  readonly path: string;
  readonly message: string;
}

export interface AgentInfo {
  readonly id: string;
  readonly name: string | undefined;
  readonly identity: {
    readonly name?: string;
    readonly theme?: string;
    readonly emoji?: string;
    readonly avatar?: string;
  };
  /** `<provider>/<model>`; undefined: the default of all agents. */
  readonly model: string | undefined;
  readonly workspace: string | undefined;
  readonly systemPrompt: string | undefined;
}

export interface ModelInfo {
  /** Provider id of the configuration, such as `openai`. */
  readonly provider: string;
  readonly id: string;
  readonly name: string;
  readonly contextWindow: number | undefined;
  readonly maxTokens: number | undefined;
  readonly reasoning: boolean;
  readonly input: readonly ("text" | "image")[];
}

export interface ProviderInfo {
  readonly id: string;
  readonly api: ModelApi;
  /** Undefined for `builtin` alone. */
  readonly baseUrl: string | undefined;
  readonly apiKey: Secret | undefined;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly models: readonly ModelInfo[];
  /** Where it comes from, for the start lines: `configuration`, `environment OPENAI_API_KEY`, `local Ollama`, `built in`. */
  readonly source: string;
}

export interface ResetPolicy {
  readonly mode: "daily" | "idle";
  readonly atHour: number;
  readonly idleMinutes: number | undefined;
}

export type QueueMode = "collect" | "followup" | "steer" | "steer-backlog" | "interrupt";

export interface Config {
  readonly path: string;
  readonly stateDir: string;
  readonly exists: boolean;
  /** The file's text; undefined when there is none. Holds secrets: `config.get` redacts it. */
  readonly raw: string | undefined;
  /** What JSON5 made of it; secrets and references as written. */
  readonly parsed: unknown;
  /** Problems that disabled a part. */
  readonly issues: readonly Issue[];
  /** Unknown keys and the like; everything still works. */
  readonly warnings: readonly Issue[];
  readonly gateway: {
    readonly port: number;
    readonly bind: "loopback" | "lan" | "tailnet" | "auto" | "custom";
    readonly customBindHost: string | undefined;
    readonly publicUrl: URL | undefined;
    readonly auth: {
      readonly mode: "none" | "token" | "password";
      readonly token: Secret | undefined;
      readonly password: Secret | undefined;
    };
    readonly trustedProxies: readonly string[];
    readonly allowedOrigins: readonly string[];
    readonly localRoles: "silent" | "ask";
  };
  readonly agents: {
    readonly list: readonly AgentInfo[];
    readonly defaultId: string;
    readonly maxConcurrent: number;
    readonly timeoutSeconds: number;
    readonly thinkingDefault: string;
    readonly verboseDefault: string;
    readonly systemPrompt: string | undefined;
  };
  readonly models: {
    readonly providers: readonly ProviderInfo[];
    /** `<provider>/<model>` that runs use when neither session nor agent names another. */
    readonly primary: string;
  };
  readonly session: {
    readonly scope: "per-sender" | "global";
    readonly mainKey: string;
    readonly dmScope: "main" | "per-peer" | "per-channel-peer" | "per-account-channel-peer";
    readonly identityLinks: Readonly<Record<string, readonly string[]>>;
    readonly reset: ResetPolicy;
    readonly resetByType: Readonly<Record<string, ResetPolicy>>;
    readonly resetByChannel: Readonly<Record<string, ResetPolicy>>;
    readonly resetTriggers: readonly string[];
  };
  readonly queue: {
    readonly mode: QueueMode;
    readonly byChannel: Readonly<Record<string, QueueMode>>;
    readonly debounceMs: number;
    readonly cap: number;
    readonly drop: "summarize" | "old" | "new";
  };
  readonly logging: { readonly level: Level; readonly format: "text" | "json" };
}
