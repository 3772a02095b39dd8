/** The first lines of the gateway: what runs, where, with which rights, on which model, and how to get in. */
import { describePermissions, type HeldPermissions } from "../config/permissions.ts";
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
    row("Listening", describe(facts.listening)),
    row("Permissions", permissionText(facts.held)),
    row("Access", facts.tokenNote === undefined ? accessText(facts.loaded) : `token, ${facts.tokenNote}`),
    row("Model", modelText(facts.loaded)),
    ...problemLines(facts),
    row("WebChat", `${facts.webchatLink}  (opens once, within ten minutes)`),
  ];
}

function problemLines({ loaded: { config, unreadable }, held, warnings }: StartFacts): string[] {
  const missing = describePermissions(held.missing);
  const place = (path: string): string => path === "" ? "" : `${path}: `;
  return [
    ...(unreadable
      ? [row("PROBLEM", "The configuration file could not be read. Only loopback is served, a secret is asked for")]
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
