/** What a provider says of itself: abilities, configuration, permissions, login flows. Data and pure functions, no I/O. */
import type { TObject } from "@sinclair/typebox";

/** The core asks for abilities and never for a provider's name. */
export interface Capabilities {
  /** Most characters of one text message; main cuts at code-fence-safe places. */
  readonly maxText: number;
  /** Most lines of one message; 0: no limit. */
  readonly maxLines: number;
  readonly edit: boolean;
  readonly reactions: boolean;
  readonly typing: boolean;
  readonly readReceipts: boolean;
  readonly threads: boolean;
  readonly buttons: boolean;
  readonly polls: { readonly maxOptions: number } | undefined;
  readonly mediaIn: boolean;
  readonly mediaOut: boolean;
  /** Default of mediaMaxMb. */
  readonly mediaMaxMb: number;
  readonly nativeCommands: boolean;
  /** The platform drops a second send with the same key, so that an unknown outcome can be sent again safely. */
  readonly idempotentSend: boolean;
  /** How long the platform remembers such a key; absent: for as long as it matters. Later an outcome stays unknown. */
  readonly idempotencyWindowMs?: number;
  /** The platform can tell whether the bot was mentioned. */
  readonly detectsMentions: boolean;
  /** How a growing answer is shown: edits of one message, or finished blocks only. */
  readonly streaming: "edit" | "blocks";
  /** Milliseconds between two edits or sends in one chat that the platform bears. */
  readonly paceMs: number;
}

/** What the worker of an account may do; every key written out. */
export interface ChannelPermissions {
  readonly net: readonly string[];
  readonly sys: readonly string[];
  readonly run: readonly string[];
}

export interface LoginFlow {
  readonly id: string;
  readonly label: string;
}

/** Keys that every account understands, beside the provider's own. */
export interface AccountConfig extends Record<string, unknown> {}

export interface ChannelManifest {
  /** The channel id of configuration and protocol. */
  readonly id: string;
  readonly label: string;
  /** The account is a person's own number or identity: silent to strangers, whatever happens. */
  readonly personal: boolean;
  /** The platform allows one session at a time: a wedged worker must not get a second one beside it. */
  readonly singleSession: boolean;
  readonly capabilities: Capabilities;
  /** Schema of `channels.<id>` without `accounts`; an entry of `accounts` has the same keys and wins. */
  readonly config: TObject;
  /** Keys of the configuration that are secrets; each may be a reference, and `<key>File` names a file. */
  readonly secrets: readonly string[];
  /** Environment variables for the default account alone: key of the configuration → variable. */
  readonly env: Readonly<Record<string, string>>;
  /** Sentences that say what is missing; empty: the account can start. */
  missing(config: AccountConfig, secrets: ReadonlySet<string>): string[];
  permissions(config: AccountConfig): ChannelPermissions;
  /** Addresses of the configuration that are not the platform's own; shown at start. */
  foreignAddresses(config: AccountConfig): string[];
  readonly login: readonly LoginFlow[];
  /** The path on the gateway's port where the platform's requests come in; undefined: none. */
  webhookPath(config: AccountConfig): string | undefined;
  /** What `openclaw channels add` asks for, in order. */
  readonly setup: readonly {
    readonly key: string;
    readonly label: string;
    readonly secret: boolean;
    readonly help: string;
  }[];
}
