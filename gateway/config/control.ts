/** The live configuration: reads, plans and writes changes of the file, and applies what needs no restart. */
import { createHash } from "node:crypto";
import { invalid } from "../../schemas/error.ts";
import type { Log } from "../observe/log.ts";
import { replaceFile } from "./atomic_write.ts";
import { editText, type JsonMap } from "./edit.ts";
import { keepLastGood } from "./last_good.ts";
import type { LoadedConfig } from "./load.ts";
import { parsePatch, restorePatch } from "./patch.ts";
import type { PermissionSet } from "./permissions.ts";
import { type ConfigPlan, planChange } from "./plan.ts";
import type { HeldRights } from "./rights.ts";
import type { Config, ConfigStore, Issue } from "./types.ts";

/** Where configurations come from: the file, or a text that may become it. */
export interface ConfigSource {
  readonly path: string;
  read(): Promise<LoadedConfig>;
  parse(text: string): Promise<LoadedConfig>;
  /** What the whole configuration needs and the process does not hold. */
  missing(file: LoadedConfig): PermissionSet;
  readonly held: HeldRights;
}

export interface ControlOptions {
  /** What was read at start, with the accounts that may run. */
  readonly started: Config;
  readonly source: ConfigSource;
  readonly log: Log;
}

/** Parameters of config.patch and config.plan. */
export interface ConfigChange {
  readonly raw: string;
  readonly baseHash?: string | undefined;
}

export interface PatchOutcome {
  readonly file: LoadedConfig;
  readonly plan: ConfigPlan;
}

export interface ConfigControl extends ConfigStore {
  /** The file as it is now. */
  read(): Promise<LoadedConfig>;
  /** What the change would do; nothing is written. Throws INVALID_REQUEST with the protocol's texts. */
  plan(change: ConfigChange): Promise<ConfigPlan>;
  /** Writes the change and applies what needs no restart. Throws INVALID_REQUEST; the file is then as it was. */
  patch(change: ConfigChange): Promise<PatchOutcome>;
  /** The file was changed by hand: applies it the same way. Never throws. */
  fileChanged(): Promise<void>;
  /** What waits for a restart, one sentence a reason. */
  restartReasons(): readonly string[];
}

/** Hex SHA-256 of the file's text, as `config.get` gives it. */
export const hashOf = (raw: string): string => createHash("sha256").update(raw).digest("hex");

export function createConfigControl({ started, source, log }: ControlOptions): ConfigControl {
  const listeners = new Set<(now: Config, before: Config) => void>();
  let current = started;
  let reasons: readonly string[] = [];
  let queue: Promise<unknown> = Promise.resolve();

  /** One change after the other: two at once would each overwrite what the other wrote. */
  function inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = queue.then(action);
    queue = result.catch(() => {});
    return result;
  }

  const planFor = (file: LoadedConfig): ConfigPlan =>
    planChange(current, started, file, source.missing(file), source.held);

  function apply(plan: ConfigPlan): void {
    const before = current;
    current = plan.next;
    reasons = plan.restart;
    for (const listener of listeners) {
      try {
        listener(current, before);
      } catch (error) {
        log.error("config.listener_failed", { error });
      }
    }
    log.info("config.applied", {
      live: plan.live.join(", "),
      accounts: plan.accounts.map(({ channel, accountId, action }) => `${channel}/${accountId} ${action}`).join(", "),
      waits: plan.restart.length,
    });
    for (const reason of plan.restart) log.warn("config.changed", { reason });
  }

  async function prepare(change: ConfigChange, method: string) {
    const before = await source.read();
    guard(before, change.baseHash);
    const patch = await parsePatch(change.raw, method);
    if (before.unreadable) throw invalid("invalid config; fix before patching");
    const text = await editText(before.config.raw, restorePatch(patch, before.config)).catch((error: Error) => {
      throw invalid(error.message);
    });
    const file = await source.parse(text);
    refuseWorse(before, file);
    return { before, text, file };
  }

  async function readChanged(): Promise<void> {
    try {
      const file = await source.read();
      if (file.unreadable) {
        reasons = [
          `the changed file cannot be used, what ran before goes on: ${file.invalid[0]?.message ?? "it is no JSON5"}`,
        ];
        return log.warn("config.unreadable", { reason: reasons[0] });
      }
      if (file.config.raw === current.raw) return;
      const plan = planFor(file);
      apply(plan);
      if (file.config.raw !== undefined && file.invalid.length === 0) await keepLastGood(source.path, file.config.raw);
    } catch (error) {
      log.warn("config.unreadable", { error });
    }
  }

  return {
    current: () => current,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    read: () => source.read(),
    plan: (change) => inTurn(async () => planFor((await prepare(change, "config.plan")).file)),
    patch: (change) =>
      inTurn(async () => {
        const { before, text, file } = await prepare(change, "config.patch");
        const plan = planFor(file);
        if (text !== before.config.raw) {
          const now = (await source.read()).config.raw;
          if (now !== before.config.raw) throw invalid("config changed since last load; re-run config.get and retry");
          if (before.config.raw !== undefined) await keepLastGood(source.path, before.config.raw);
          await replaceFile(source.path, text);
        }
        apply(plan);
        return { file, plan };
      }),
    fileChanged: () => inTurn(readChanged),
    restartReasons: () => reasons,
  };
}

/** A change is made against what its author saw (methods facts, section 9; the texts are the protocol's). */
function guard({ config: { exists, raw } }: LoadedConfig, baseHash: string | undefined): void {
  if (!exists) return;
  if (baseHash === undefined) throw invalid("config base hash required; re-run config.get and retry");
  if (raw === undefined) throw invalid("config base hash unavailable; re-run config.get and retry");
  if (hashOf(raw) !== baseHash) throw invalid("config changed since last load; re-run config.get and retry");
}

/** A problem that was there before does not stop the change that may repair another one. */
function refuseWorse(before: LoadedConfig, after: LoadedConfig): void {
  const known = new Set(before.invalid.map(textOf));
  const issues = after.invalid.filter((issue) => !known.has(textOf(issue)));
  if (issues.length > 0) throw invalid("invalid config", { issues });
}

const textOf = ({ path, message }: Issue): string => `${path}\n${message}`;

/** The same edit without a gateway: for the command line. Throws a sentence; the file is then as it was. */
export async function patchFile(
  path: string,
  patch: JsonMap,
  source: Pick<ConfigSource, "read" | "parse">,
): Promise<LoadedConfig> {
  const before = await source.read();
  if (before.unreadable) throw new Error(`Cannot change "${path}": ${before.invalid[0]?.message ?? "it is no JSON5"}`);
  const text = await editText(before.config.raw, patch);
  const file = await source.parse(text);
  const known = new Set(before.invalid.map(textOf));
  const worse = file.invalid.find((issue) => !known.has(textOf(issue)));
  if (worse !== undefined) throw new Error(`Cannot change "${path}": ${worse.path}: ${worse.message}`);
  if (before.config.raw !== undefined) await keepLastGood(path, before.config.raw);
  await replaceFile(path, text);
  return file;
}
