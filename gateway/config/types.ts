/** The configuration after reading: defaults filled in, secrets resolved, bad parts disabled. Immutable. */
import type { ModelApi } from "../../schemas/worker/agent.ts";
import type { UserAction } from "../../schemas/worker/channel.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
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
  /** `groupChat.mentionPatterns` as written: case-insensitive regular expressions. */
  readonly mentionPatterns?: readonly string[];
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

/** Why an account is not started, and what a person must do. */
export interface AccountProblem {
  readonly kind: "invalid" | "secret" | "missing" | "rights";
  /** `disabled`: its configuration is wrong. `unconfigured`: something is missing, or the process lacks a right. */
  readonly state: "disabled" | "unconfigured";
  readonly sentence: string;
  readonly userAction: UserAction;
}

/** One account of a messaging provider, as the supervisor runs it. */
export interface ChannelAccount {
  readonly channel: string;
  readonly accountId: string;
  /** The account that is meant when none is named; it alone falls back to variables of the environment. */
  readonly isDefault: boolean;
  readonly name: string | undefined;
  readonly enabled: boolean;
  readonly isolation: "worker" | "process";
  /**
   * The channel's keys with the account's own over them, checked by the manifest's schema. Without secrets. `dmPolicy`,
   * `allowFrom` and `groupPolicy` are filled in from their other places (`dm.policy`, `channels.defaults`).
   */
  readonly config: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, Secret>>;
  /** Where each secret came from: `config`, `file`, `env`. */
  readonly secretSources: Readonly<Record<string, "config" | "file" | "env">>;
  /** Files and variables that its secrets are read from. */
  readonly needs: { readonly read: readonly string[]; readonly env: readonly string[] };
  /** Set: the account is not started. */
  readonly problem: AccountProblem | undefined;
  /**
   * Equal for two readings of the file exactly when the worker may go on: access and delivery settings, which main
   * reads live, do not count. A digest: it tells nothing about the secrets in it.
   */
  readonly fingerprint: string;
}

export interface ChannelsConfig {
  /** Every configured account, in the order of the file. */
  readonly accounts: readonly ChannelAccount[];
  /** Channel id → the account that is meant when none is named. */
  readonly defaultAccounts: Readonly<Record<string, string>>;
  /** `channels.defaults` as written. */
  readonly defaults: Readonly<Record<string, unknown>>;
}

/** Which agent answers where (sessions facts, section 2); in the order of the file. */
export interface Binding {
  readonly agentId: string;
  readonly match: {
    readonly channel: string;
    readonly accountId?: string;
    readonly peer?: { readonly kind: "direct" | "group" | "channel"; readonly id: string };
    readonly guildId?: string;
    readonly teamId?: string;
  };
}

/** `messages`, without the queue. */
export interface MessagesSettings {
  readonly groupChat: { readonly historyLimit: number; readonly mentionPatterns: readonly string[] };
  readonly inbound: { readonly debounceMs: number; readonly byChannel: Readonly<Record<string, number>> };
  /** Undefined: the agent's own emoji, else eyes; empty: none. */
  readonly ackReaction: string | undefined;
  readonly ackReactionScope: "group-mentions" | "group-all" | "direct" | "all" | "off";
  readonly removeAckAfterReply: boolean;
  readonly responsePrefix: string | undefined;
}

export interface SendRule {
  readonly action: "allow" | "deny";
  readonly match: { readonly channel?: string; readonly chatType?: string; readonly keyPrefix?: string };
}

export type UnknownPolicy = "hold" | "resend";

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
    /** Undefined: plain HTTP. Without paths the certificate is the gateway's own, in the state directory. */
    readonly tls: { readonly certPath: string | undefined; readonly keyPath: string | undefined } | undefined;
    readonly nodes: { readonly allowCommands: readonly string[]; readonly denyCommands: readonly string[] };
  };
  readonly canvasHost: {
    readonly enabled: boolean;
    readonly port: number;
    readonly root: string;
    readonly liveReload: boolean;
  };
  /** Follows the file while the gateway runs. */
  readonly approvals: {
    readonly enabled: boolean;
    readonly mode: "session" | "targets" | "both";
    readonly targets: readonly { readonly channel: string; readonly to: string; readonly accountId?: string }[];
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
    readonly sendPolicy: { readonly default: "allow" | "deny"; readonly rules: readonly SendRule[] };
  };
  readonly queue: {
    readonly mode: QueueMode;
    readonly byChannel: Readonly<Record<string, QueueMode>>;
    readonly debounceMs: number;
    readonly debounceMsByChannel?: Readonly<Record<string, number>>;
    readonly cap: number;
    readonly drop: "summarize" | "old" | "new";
  };
  readonly logging: { readonly level: Level; readonly format: "text" | "json" };
  /** This part and the four below follow the file while the gateway runs; all others are those of the start. */
  readonly channels: ChannelsConfig;
  readonly bindings: readonly Binding[];
  readonly messages: MessagesSettings;
  readonly delivery: { readonly unknown: UnknownPolicy };
  readonly commands: {
    readonly useAccessGroups: boolean;
    /** False: only the platform's own commands count, a text that looks like one is text. Default true. */
    readonly text?: boolean;
    /** Who the owner is over channels; absent or empty: who stands in an account's `allowFrom`. */
    readonly ownerAllowFrom?: readonly string[];
  };
}

/**
 * The configuration as it is now. Parts that need no restart are replaced while the gateway runs, the others stay those
 * of the start; nobody may keep what `current()` returned beyond the call it was asked for.
 */
export interface ConfigStore {
  current(): Config;
  /** Called after each change, in the order of subscription. Returns how to end it. */
  onChange(listener: (now: Config, before: Config) => void): () => void;
}

/** A provider that this gateway can run: what it says of itself, and its code. */
export interface ChannelEntry {
  readonly manifest: ChannelManifest;
  readonly entry: URL;
}
