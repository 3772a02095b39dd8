/** The first lines of the gateway: what runs, where, with which rights, on which model, and how to get in. */
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import { accountRights, describePermissions, type HeldPermissions } from "../config/permissions.ts";
import type { ChannelAccount } from "../config/types.ts";
import { lastGoodPath } from "../config/last_good.ts";
import { describe, type ListenAddress } from "../config/listen.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { SecretSource } from "../config/gateway_auth.ts";

export interface StartFacts {
  readonly version: string;
  readonly pid: number;
  readonly loaded: LoadedConfig;
  readonly listening: readonly Pick<ListenAddress, "hostname" | "port">[];
  readonly held: HeldPermissions;
  /** What happened to a generated token. */
  readonly tokenNote: string | undefined;
  readonly warnings: readonly string[];
  readonly webchatLink: string;
  /** Of HTTPS; undefined with plain HTTP. */
  readonly certificate?:
    | { readonly own: boolean; readonly fingerprint: string; readonly expiresAtMs: number }
    | undefined;
  /** The canvas host's own port; undefined when it is switched off. */
  readonly canvas?:
    | { readonly addresses: StartFacts["listening"]; readonly problem: string | undefined }
    | undefined;
}

const WIDTH = 14;
const row = (name: string, value: string): string => `  ${name.padEnd(WIDTH)}${value}`;

/** One string a line, without newlines. Holds the one-use code and no other secret. */
export function startLines(facts: StartFacts): string[] {
  const { config } = facts.loaded;
  return [
    `OpenClaw gateway ${facts.version}, process id ${facts.pid}`,
    row("State", config.stateDir),
    row(
      "Configuration",
      `${config.path}${config.exists ? "" : facts.tokenNote === undefined ? " (not there)" : " (new)"}`,
    ),
    row("Listening", `${describe(facts.listening)}${facts.certificate === undefined ? "" : ", HTTPS only"}`),
    ...(facts.certificate === undefined ? [] : [row("Certificate", certificateText(facts.certificate))]),
    ...(facts.canvas === undefined ? [] : [row("Canvas", canvasText(facts.canvas))]),
    row("Permissions", permissionText(facts.held)),
    row("Access", facts.tokenNote === undefined ? accessText(facts.loaded) : `token, ${facts.tokenNote}`),
    row("Model", modelText(facts.loaded)),
    ...channelLines(facts.loaded),
    ...problemLines(facts),
    row("WebChat", `${facts.webchatLink}  (opens once, within ten minutes)`),
  ];
}

const canvasText = ({ addresses, problem }: NonNullable<StartFacts["canvas"]>): string =>
  problem ?? (addresses.length === 0 ? "on the gateway's port" : describe(addresses));

/** What a browser shows of a certificate that nobody vouches for; the owner compares the two. */
function certificateText({ own, fingerprint, expiresAtMs }: NonNullable<StartFacts["certificate"]>): string {
  const until = `valid until ${new Date(expiresAtMs).toISOString().slice(0, 10)}`;
  return own ? `our own, ${until}, SHA-256 ${fingerprint}` : `from gateway.tls.certPath, ${until}`;
}

/** Each enabled account with what its worker may reach, and every address that is not its platform's own. */
function channelLines({ config, manifests }: LoadedConfig): string[] {
  return config.channels.accounts.filter(({ enabled }) => enabled).flatMap((account) => {
    const manifest = manifests.find(({ id }) => id === account.channel);
    const name = `${manifest?.label ?? account.channel}${
      account.accountId === "default" ? "" : ` (${account.accountId})`
    }`;
    const rights = describePermissions({ ...accountRights(account, manifests), read: [], env: [] });
    const state = account.problem === undefined ? "" : `; not started: ${account.problem.sentence}`;
    const foreign = manifest === undefined ? [] : foreignOf(manifest, account.config);
    return [
      row("Channel", `${name}, ${account.isolation}: ${rights === "" ? "no rights" : rights}${state}`),
      ...foreign.map((address) => row("Address", `${name} talks to ${address}, which is not the platform's own`)),
    ];
  });
}

function foreignOf(manifest: ChannelManifest, config: ChannelAccount["config"]): string[] {
  try {
    return manifest.foreignAddresses(config);
  } catch {
    // The account's problem says already what is wrong with its addresses.
    return [];
  }
}

function problemLines({ loaded: { config, unreadable }, held, warnings }: StartFacts): string[] {
  const missing = describePermissions(held.missing);
  const place = (path: string): string => path === "" ? "" : `${path}: `;
  return [
    ...(unreadable
      ? [
        row("PROBLEM", "The configuration file could not be read. Only loopback is served, a secret is asked for"),
        row("", `The last one that could be used, if there was one: ${lastGoodPath(config.path)}`),
      ]
      : []),
    ...config.issues.map(({ path, message }) => row("Problem", `${place(path)}${message}`)),
    ...config.warnings.map(({ path, message }) => row("Warning", `${place(path)}${message}`)),
    ...(missing === "" ? [] : [row("Warning", `Not granted, so part of the configuration cannot work: ${missing}`)]),
    ...held.wide.map((name) => row("Warning", `Every ${name} permission is granted, which is more than is needed`)),
    ...warnings.map((text) => row("Warning", text)),
  ];
}

function permissionText(held: HeldPermissions): string {
  const text = describePermissions(held.granted);
  return `${text === "" ? "none" : text}; env given back after the start; no ${
    held.granted.run.length === 0 ? "run, " : ""
  }ffi or import`;
}

const SOURCES: Readonly<Record<SecretSource, string>> = {
  flag: "from the command line",
  environment: "from the environment",
  configuration: "from the configuration",
  absent: "generated",
  temporary: "cannot be read, see below: only the link and devices that are paired get in",
  none: "not asked for",
};

function accessText({ config, secretSource }: LoadedConfig): string {
  const { mode } = config.gateway.auth;
  return mode === "none"
    ? "open to every program on this host (gateway.auth.mode is none)"
    : `${mode} ${SOURCES[secretSource]}`;
}

function modelText({ config }: LoadedConfig): string {
  const { primary, providers } = config.models;
  const provider = providers.find(({ id }) => primary.startsWith(`${id}/`));
  const hint = provider?.id === "builtin"
    ? "; for a real one set OPENAI_API_KEY, ANTHROPIC_API_KEY or models.providers, or start Ollama"
    : "";
  return `${primary} (${provider?.source ?? "unknown"})${hint}`;
}
