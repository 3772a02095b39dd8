/** web.login.start, web.login.wait and web.login.cancel: a login as steps, the same for pages and the command line. */
import { invalid } from "../../../schemas/error.ts";
import {
  WebLoginCancelParams,
  WebLoginCancelResult,
  WebLoginStartParams,
  WebLoginStartResult,
  WebLoginWaitParams,
  WebLoginWaitResult,
} from "../../../schemas/method/web_login.ts";
import type { LoginStep } from "../../../schemas/worker/channel.ts";
import type { AccountStatus, LoginSession } from "../../supervisor/types.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import { qrDataUrl } from "../qr.ts";
import type { Services } from "../services.ts";

const START_MS = { usual: 30_000, most: 60_000 };
const WAIT_MS = { usual: 120_000, most: 300_000 };
const CANCEL_MS = 10_000;
/** Short waits in a row, so that a stopping gateway does not wait for a person. */
const SLICE_MS = 1_000;

interface Account {
  readonly channel: string;
  readonly accountId: string;
}

const start = defineMethod({
  name: "web.login.start",
  access: "operator.admin",
  params: WebLoginStartParams,
  result: WebLoginStartResult,
  idempotency: "none",
  deadlineMs: 0,
  description: "Starts the login of an account and returns its first step, such as a code to scan",
  async handle({ params, signal }, services) {
    const account = accountFor(params, services);
    const status = services.channels.account(account.channel, account.accountId);
    if (status?.state === "connected" && params.force !== true && params.input === undefined) {
      return { ...account, connected: true, message: `Already logged in. ${status.sentence}`, count: 0 };
    }
    if (params.force === true) await services.channels.logout(account.channel, account.accountId);
    const before = services.channels.activeLogin(account.channel, account.accountId);
    // An answer goes on with the same login: the step that asked is not its next one.
    const asked = params.input === undefined ? 0 : (await before?.next(0, 0))?.count ?? 0;
    const session = await services.channels.login(account.channel, account.accountId, params.flow, params.input ?? {});
    const limit = Math.min(params.timeoutMs ?? START_MS.usual, START_MS.most);
    const seen = session === before ? asked : 0;
    return await progress(account, await nextStep(session, seen, limit, signal), services);
  },
});

const wait = defineMethod({
  name: "web.login.wait",
  access: "operator.admin",
  params: WebLoginWaitParams,
  result: WebLoginWaitResult,
  idempotency: "none",
  deadlineMs: 0,
  description: "Waits for the next step of a login, or for its end",
  async handle({ params, signal }, services) {
    const account = accountFor(params, services);
    const session = services.channels.activeLogin(account.channel, account.accountId);
    const limit = Math.min(params.timeoutMs ?? WAIT_MS.usual, WAIT_MS.most);
    if (session === undefined) return withoutLogin(account, services);
    if (params.seen !== undefined) {
      return await progress(account, await nextStep(session, params.seen, limit, signal), services);
    }
    return await progress(account, await lastStep(session, limit, signal, services), services);
  },
});

const cancel = defineMethod({
  name: "web.login.cancel",
  access: "operator.admin",
  params: WebLoginCancelParams,
  result: WebLoginCancelResult,
  idempotency: "none",
  deadlineMs: CANCEL_MS,
  description: "Ends a login that is under way",
  async handle({ params }, services) {
    const account = accountFor(params, services);
    const session = services.channels.activeLogin(account.channel, account.accountId);
    if (session === undefined || isEnd(session.latest)) return { ...account, cancelled: false };
    await services.channels.request(account.channel, account.accountId, { type: "login.cancel" }, CANCEL_MS - 1_000);
    return { ...account, cancelled: true };
  },
});

interface Step {
  readonly step: LoginStep | undefined;
  readonly count: number;
}

async function nextStep(session: LoginSession, seen: number, limitMs: number, signal: AbortSignal): Promise<Step> {
  for (let left = limitMs; left > 0 && !signal.aborted; left -= SLICE_MS) {
    const next = await session.next(seen, Math.min(SLICE_MS, left));
    if (next !== undefined) return next;
  }
  return { step: session.latest, count: seen };
}

/** The end of the login, or the step that it is at when the time is over. */
async function lastStep(
  session: LoginSession,
  limitMs: number,
  signal: AbortSignal,
  { clock }: Services,
): Promise<Step> {
  const until = clock.now() + limitMs;
  let at: Step = { step: session.latest, count: 0 };
  while (!signal.aborted && clock.now() < until) {
    const next = await session.next(at.count, Math.min(SLICE_MS, until - clock.now()));
    if (next !== undefined) at = next;
    if (isEnd(at.step)) break;
  }
  return at;
}

const isEnd = (step: LoginStep | undefined): boolean => step?.kind === "done" || step?.kind === "failed";

async function progress(account: Account, { step, count }: Step, services: Services) {
  const connected = step?.kind === "done" ||
    services.channels.account(account.channel, account.accountId)?.state === "connected";
  const qr = step?.kind === "show" && step.what === "qr" ? await qrDataUrl(step.value) : undefined;
  return {
    ...account,
    ...(qr === undefined ? {} : { qrDataUrl: qr }),
    ...(step === undefined ? {} : { step }),
    message: step?.text ?? "The login has begun; its first step is not there yet",
    count,
    connected,
  };
}

function withoutLogin(account: Account, { channels }: Services) {
  const status = channels.account(account.channel, account.accountId);
  const connected = status?.state === "connected";
  return { ...account, connected, message: status?.sentence ?? "There is no login under way", count: 0 };
}

/** The account that is meant. Without a channel: one that waits for a login, else the first that can have one. */
function accountFor(
  params: { readonly channel?: string; readonly accountId?: string },
  { channels }: Services,
): Account {
  const able = channels.manifests().filter(({ login }) => login.length > 0).map(({ id }) => id);
  const named = params.channel?.trim().toLowerCase();
  if (named !== undefined && !able.includes(named)) throw invalid(`channel ${named} does not support login`);
  const wanted = params.accountId?.trim() || undefined;
  const candidates: readonly AccountStatus[] = (named === undefined ? able : [named]).flatMap((id) =>
    channels.accounts(id).filter(({ accountId, enabled }) =>
      enabled && (wanted === undefined ? accountId === channels.defaultAccountId(id) : accountId === wanted)
    )
  );
  const found = candidates.find(({ state }) => state === "login_required") ?? candidates[0];
  if (found === undefined) throw invalid("web login provider is not available");
  return { channel: found.channel, accountId: found.accountId };
}

export const webLoginMethods: readonly MethodDef[] = [start, wait, cancel];
