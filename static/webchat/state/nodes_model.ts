/** What the page knows of nodes: who is there, what each may be asked, who waits for approval, a link for a phone. */
import type { Failure } from "./channels_model.ts";

export interface OffCommand {
  readonly command: string;
  readonly reason: string;
}

export interface NodeRow {
  readonly nodeId: string;
  readonly name: string;
  readonly platform: string | undefined;
  readonly version: string | undefined;
  readonly address: string | undefined;
  readonly commands: readonly string[];
  readonly off: readonly OffCommand[];
  readonly connected: boolean;
  readonly paired: boolean;
  readonly connectedAt: number | undefined;
  readonly lastSeenAt: number | undefined;
  readonly waits: boolean;
}

/** A node that asks for approval of what it can do. */
export interface NodeRequest {
  readonly requestId: string;
  readonly nodeId: string;
  readonly name: string;
  readonly platform: string | undefined;
  readonly address: string | undefined;
  readonly commands: readonly string[];
  readonly dangerous: readonly string[];
  readonly isRepair: boolean;
  readonly ts: number;
}

export type PhoneLink =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly failure: Failure }
  | { readonly state: "unavailable"; readonly reason: string }
  | {
    readonly state: "ready";
    readonly url: string;
    /** A picture of the address, as a data URL. */
    readonly qr: string | undefined;
    readonly expiresAt: number | undefined;
    readonly fingerprint: string | undefined;
  };

export interface NodesState {
  readonly loaded: boolean;
  /** How far the gateway's clock is ahead of ours. */
  readonly skewMs: number;
  readonly nodes: readonly NodeRow[];
  readonly requests: readonly NodeRequest[];
  /** Dangerous commands that the owner allowed, by node. */
  readonly allowed: Readonly<Record<string, readonly string[]>>;
  readonly busy: readonly string[];
  /** By the key of its item, or of its list: `nodes`, `requests`. */
  readonly failures: Readonly<Record<string, Failure>>;
  readonly link: PhoneLink | undefined;
}

export const emptyNodes: NodesState = {
  loaded: false,
  skewMs: 0,
  nodes: [],
  requests: [],
  allowed: {},
  busy: [],
  failures: {},
  link: undefined,
};

export const nodeKey = (nodeId: string): string => `node:${nodeId}`;
export const nodeRequestKey = (requestId: string): string => `request:${requestId}`;

const DANGEROUS = /^(camera\..+|screen\.record|sms\.send|system\.run|contacts\.add|calendar\.add|reminders\.add)$/;
/** Off until the owner allows it; the gateway decides, this is for the switches. */
export const isDangerous = (command: string): boolean => DANGEROUS.test(command);

/** The dangerous commands that a node has, switched on or not; of one that is away, those that the owner allowed. */
export function switchesOf(node: NodeRow, allowed: readonly string[]): string[] {
  const all = [...node.commands, ...node.waits ? [] : node.off.map(({ command }) => command), ...allowed];
  return [...new Set(all.filter(isDangerous))].sort();
}

/** What a command does as the person would call it; commands of one family share their words. */
const WORDS = [
  [/^camera\.snap$/, "photos"],
  [/^camera\.clip$/, "clips"],
  [/^camera\.list$/, "cameras"],
  [/^screen\.record$/, "screen"],
  [/^location\./, "location"],
  [/^system\.run$/, "run"],
  [/^system\.which$/, "which"],
  [/^system\.notify$/, "notify"],
  [/^system\.execApprovals\./, "rules"],
  [/^canvas\.a2ui\./, "forms"],
  [/^canvas\.(eval|snapshot)$/, "pageControl"],
  [/^canvas\./, "pages"],
  [/^browser\./, "browser"],
  [/^device\./, "device"],
  [/^contacts\.add$/, "contactsAdd"],
  [/^contacts\./, "contacts"],
  [/^calendar\.add$/, "calendarAdd"],
  [/^calendar\./, "calendar"],
  [/^reminders\.add$/, "remindersAdd"],
  [/^reminders\./, "reminders"],
  [/^photos\./, "gallery"],
  [/^motion\./, "motion"],
  [/^sms\.send$/, "sms"],
  [/^files?\./, "files"],
] as const;

export type Ability = (typeof WORDS)[number][1];
export const abilityOf = (command: string): Ability | undefined => WORDS.find(([form]) => form.test(command))?.[1];

/** Commands as abilities in the order of the list, each once; what has no words stays as it is. */
export function abilitiesOf(commands: readonly string[]): (Ability | { readonly command: string })[] {
  const known = new Set(commands.map(abilityOf));
  const unknown = commands.filter((command) => abilityOf(command) === undefined);
  const abilities = WORDS.map(([, ability]) => ability).filter((ability) => known.has(ability));
  return [...abilities, ...unknown.map((command) => ({ command }))];
}
