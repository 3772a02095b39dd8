/** Which account this is, as the daemon knows it. */
import { checker } from "../../schemas/validate.ts";
import { ProviderError } from "../runtime/provider.ts";
import { invalid, toChannelError } from "./errors.ts";
import { personOf, samePerson, type Self, selfOf } from "./identity.ts";
import type { Rpc } from "./rpc.ts";
import type { Saved } from "./saved.ts";
import type { Settings } from "./settings.ts";
import { Accounts, Version } from "./wire.ts";

const checkVersion = checker(Version);
const checkAccounts = checker(Accounts);

export interface Identity {
  readonly self: Self;
  readonly version: string;
  /** The daemon serves several accounts, and can link new ones. */
  readonly multi: boolean;
}

export const loginRequired = (message: string): ProviderError =>
  new ProviderError({ code: "unauthorized", message, retryable: false, outcome: "not_sent" });

/** Throws `unauthorized` when the account has to be linked first, `invalid` when nobody said which one is meant. */
export async function identify(rpc: Rpc, settings: Settings, saved: Saved, signal: AbortSignal): Promise<Identity> {
  const { version } = await rpc.ask("version", checkVersion, {}, { signal });
  const wanted = settings.account ?? saved.now.account;
  const accounts = await listAccounts(rpc, signal);
  if (accounts === undefined) {
    if (wanted === undefined) {
      throw invalid(
        "Cannot know the account: this daemon serves one and does not say which; set channels.signal.account",
      );
    }
    return { self: known(wanted, settings.accountUuid), version, multi: false };
  }
  const person = personOf(wanted);
  const found = wanted === undefined
    ? only(accounts)
    : accounts.find(({ number, aci }) => samePerson(person, { number, uuid: aci }));
  if (!found) {
    throw loginRequired(
      wanted === undefined
        ? "The daemon has no Signal account yet: link this gateway to a phone"
        : `The daemon does not have the account ${wanted}: link it to its phone, or register it with signal-cli`,
    );
  }
  return { self: known(found.number ?? found.aci ?? "", found.aci ?? settings.accountUuid), version, multi: true };
}

type Account = { readonly number?: string; readonly aci?: string };

function only(accounts: readonly Account[]): Account | undefined {
  if (accounts.length <= 1) return accounts[0];
  throw invalid(`Cannot choose among the daemon's ${accounts.length} accounts: set channels.signal.account`);
}

function known(account: string, uuid: string | undefined): Self {
  const self = selfOf(account, uuid);
  if (!self) throw invalid(`Cannot use the account "${account}": it is neither a number nor an account id`);
  return self;
}

/** Undefined: the daemon was started for one account and has no list. */
async function listAccounts(rpc: Rpc, signal: AbortSignal): Promise<readonly Account[] | undefined> {
  try {
    return await rpc.ask("listAccounts", checkAccounts, {}, { signal });
  } catch (error) {
    if (toChannelError(error).code === "unsupported") return undefined;
    throw error;
  }
}

/** Whether daemons of this version have something that came with `major.minor`. Unreadable versions are new ones. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const match = /^(\d+)\.(\d+)/u.exec(version);
  if (!match) return true;
  const [have, haveMinor] = [Number(match[1]), Number(match[2])];
  return have > major || (have === major && haveMinor >= minor);
}
