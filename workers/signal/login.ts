/** Linking the daemon to a phone by a QR code. One login at a time; nothing of it needs the event stream. */
import { checker } from "../../schemas/validate.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import { identify } from "./account.ts";
import { toChannelError } from "./errors.ts";
import { personOf, samePerson } from "./identity.ts";
import type { Rpc } from "./rpc.ts";
import type { Saved } from "./saved.ts";
import type { Settings } from "./settings.ts";
import { LinkFinished, LinkStarted } from "./wire.ts";

/** Codes that are shown one after the other before the login is given up. */
const MAX_CODES = 3;
/** How long the phone may take; Signal forgets the code about then. */
const CODE_MS = 120_000;
const HOW = "On the phone: Signal, Settings, Linked devices, Link new device, and scan this code";

const checkStarted = checker(LinkStarted);
const checkFinished = checker(LinkFinished);

export interface Login {
  /** Resolves when the login is over; its steps tell how. */
  start(): Promise<void>;
  cancel(): void;
}

export interface LoginDeps {
  readonly context: Pick<ProviderContext, "loginStep" | "signal" | "log">;
  readonly rpc: Rpc;
  readonly settings: Settings;
  readonly saved: Saved;
  /** There is a new account to connect as. */
  readonly onLinked: () => void;
}

export function createLogin({ context, rpc, settings, saved, onLinked }: LoginDeps): Login {
  let current: AbortController | undefined;

  async function linkedAlready(signal: AbortSignal): Promise<string | undefined> {
    try {
      return (await identify(rpc, settings, saved, signal)).self.id;
    } catch (error) {
      const { code } = toChannelError(error);
      // `invalid`: there are several, and this login is for one more.
      if (code === "unauthorized" || code === "invalid") return undefined;
      throw error;
    }
  }

  /** Undefined: the code ran out before anybody scanned it. */
  async function oneCode(signal: AbortSignal): Promise<{ number?: string; aci?: string } | undefined> {
    const { deviceLinkUri } = await rpc.ask("startLink", checkStarted, {}, { signal });
    context.loginStep({ kind: "show", what: "qr", value: deviceLinkUri, text: HOW, expiresAt: Date.now() + CODE_MS });
    try {
      const params = { deviceLinkUri, deviceName: settings.deviceName };
      return await rpc.ask("finishLink", checkFinished, params, { signal, deadlineMs: CODE_MS });
    } catch (error) {
      const { code, message } = toChannelError(error);
      if (!signal.aborted && (code === "timeout" || /timed? ?out/iu.test(message))) return undefined;
      throw error;
    }
  }

  async function link(signal: AbortSignal): Promise<void> {
    context.loginStep({ kind: "wait", text: "Asking the signal-cli daemon for a code" });
    const already = await linkedAlready(signal);
    if (already !== undefined) return await done(already, `The daemon already has the account ${already}`);
    for (let codes = 0; codes < MAX_CODES; codes++) {
      const linked = await oneCode(signal);
      const account = linked?.number ?? linked?.aci;
      if (account !== undefined) return await done(account, sentenceOf(account));
    }
    context.loginStep({
      kind: "failed",
      text: "Nobody scanned the code in time; start the login again",
      retryable: true,
    });
  }

  function sentenceOf(account: string): string {
    const wanted = settings.account;
    return wanted === undefined || samePerson(personOf(wanted), personOf(account))
      ? `Linked as ${account}`
      : `Linked as ${account}, but channels.signal.account is ${wanted}: change it to use this account`;
  }

  async function done(account: string, text: string): Promise<void> {
    await saved.commit({ account, loggedOut: false });
    context.loginStep({ kind: "done", text, account });
    onLinked();
  }

  return {
    async start() {
      current?.abort();
      const mine = current = new AbortController();
      const signal = AbortSignal.any([context.signal, mine.signal]);
      try {
        await link(signal);
      } catch (error) {
        // A later login has taken over, or the account stops: its steps are not ours to tell.
        if (context.signal.aborted || (mine.signal.aborted && current !== mine)) return;
        context.loginStep(mine.signal.aborted ? CANCELLED : failure(error));
      } finally {
        if (current === mine) current = undefined;
      }
    },
    cancel: () => current?.abort(),
  };
}

const CANCELLED = { kind: "failed", text: "The login was cancelled", retryable: true } as const;

function failure(error: unknown) {
  const { code, message, retryable } = toChannelError(error);
  const text = code === "unsupported"
    ? "This daemon serves one account and cannot link another: start it without -a, or link with signal-cli link"
    : message;
  return { kind: "failed", text, retryable } as const;
}
