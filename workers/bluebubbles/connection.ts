/** An account's life: ask the server what it is, look back for what was missed, and see that it still answers. */
import { checker } from "../../schemas/validate.ts";
import { backoffMs, sleep } from "../runtime/pace.ts";
import type { ProviderContext, StateReport } from "../runtime/provider.ts";
import { type Abilities, abilitiesOf } from "./abilities.ts";
import { networkError } from "./errors.ts";
import type { Intake } from "./intake.ts";
import type { Rest } from "./rest.ts";
import type { Settings } from "./settings.ts";
import { Messages, ServerInfo } from "./wire.ts";

const PING_MS = 10_000;
const MAX_WAIT_MS = 15 * 60_000;
const PAGE = 100;
/** Messages of one look back at most. */
const MAX_MISSED = 1_000;
const checkInfo = checker(ServerInfo);
const checkMessages = checker(Messages);

export interface ConnectionDeps {
  readonly context: ProviderContext;
  readonly settings: Settings;
  readonly rest: Rest;
  readonly intake: Intake;
  /** The time up to which messages are safe; undefined at the first start. */
  readonly safeUntil: () => number | undefined;
  readonly onAbilities: (abilities: Abilities) => void;
}

export async function askServer(rest: Rest, settings: Settings, signal: AbortSignal): Promise<Abilities> {
  await rest.call("GET", "/ping", signal, { deadlineMs: PING_MS });
  const info = checkInfo(await rest.call("GET", "/server/info", signal));
  return abilitiesOf(info.ok ? info.value : undefined, settings);
}

/** Resolves when the account stops or cannot go on; never rejects. Every trouble is a state. */
export async function connectForLife(deps: ConnectionDeps): Promise<void> {
  const { context: { signal, state, log }, settings } = deps;
  let attempt = 0;
  state({ state: "connecting", sentence: "Asking the BlueBubbles server what it is" });
  while (!signal.aborted) {
    try {
      await session(deps, () => attempt = 0);
    } catch (thrown) {
      if (signal.aborted) return;
      const { error } = networkError(thrown);
      const final = hopeless(error);
      if (final) return state(final);
      const waitMs = Math.min(error.retryAfterMs ?? backoffMs(settings.retry, ++attempt), MAX_WAIT_MS);
      const code = error.platformCode === undefined ? {} : { platformCode: error.platformCode };
      state({
        state: "reconnecting",
        sentence: `${error.message}; trying again`,
        attempt,
        retryInMs: waitMs,
        ...code,
      });
      log("warn", "bluebubbles.trouble", { reason: error.message, attempt, waitMs });
      await sleep(waitMs, signal);
    }
  }
}

function hopeless({ code, message, platformCode, fatal }: ReturnType<typeof networkError>["error"]) {
  const more = platformCode === undefined ? {} : { platformCode };
  const report = (userAction: NonNullable<StateReport["userAction"]>): StateReport => ({
    state: "bad_credentials",
    sentence: message,
    userAction,
    ...more,
  });
  if (fatal === true || code === "unauthorized") return report("set_token");
  if (code === "forbidden") return report("restart_gateway");
  return code === "invalid" ? report("fix_config") : undefined;
}

async function session(deps: ConnectionDeps, online: () => void): Promise<void> {
  const { context, settings, rest } = deps;
  const { signal } = context;
  const abilities = await askServer(rest, settings, signal);
  deps.onAbilities(abilities);
  online();
  context.alive();
  context.state({ state: "connected", sentence: abilities.sentence, self: { ...abilities.facts } });
  await lookBack(deps);
  while (!signal.aborted) {
    await sleep(settings.healthEveryMs, signal);
    if (signal.aborted) return;
    await rest.call("GET", "/ping", signal, { deadlineMs: PING_MS });
    context.alive();
  }
}

/** Webhooks that found nobody are lost: what came since the last safe message is asked for. Main knows what it has. */
async function lookBack({ context, settings, rest, intake, safeUntil }: ConnectionDeps): Promise<void> {
  const since = safeUntil();
  if (since === undefined) return;
  const after = Math.max(since - 1, Date.now() - settings.maxAgeMs);
  try {
    for (let offset = 0; offset < MAX_MISSED && !context.signal.aborted; offset += PAGE) {
      const body = { after, offset, limit: PAGE, sort: "ASC", with: ["chats", "attachment", "handle"] };
      const page = checkMessages(await rest.call("POST", "/message/query", context.signal, { body }));
      if (!page.ok) return context.log("warn", "bluebubbles.look_back_failed", { reason: page.error });
      for (const message of page.value) await intake.take(message);
      if (page.value.length < PAGE) return;
    }
  } catch (error) {
    if (context.signal.aborted) return;
    context.log("warn", "bluebubbles.look_back_failed", { reason: networkError(error).message });
  }
}
