/** An account's life on the platform: who are we, then sockets one after the other, or HTTP events, until it stops. */
import type { ProviderContext } from "../runtime/provider.ts";
import type { Api } from "./api.ts";
import type { Directory } from "./directory.ts";
import { SocketRefused } from "./errors.ts";
import { createIntake, type Intake } from "./intake.ts";
import type { Memory } from "./memory.ts";
import { type Facts, factsOf, whoAmI } from "./self.ts";
import type { Settings } from "./settings.ts";
import { type Ended, runSocket } from "./socket.ts";
import { createTrouble, sleep, type Trouble } from "./trouble.ts";

/** Between two looks at whether Slack still knows our token, in HTTP mode. */
const WATCH_MS = 60_000;
/** Reasons with which Slack only moves a connection to another machine: a new one is opened at once. */
const MOVES = new Set(["refresh_requested", "warning"]);

export interface ConnectionDeps {
  readonly context: ProviderContext;
  readonly api: Api;
  readonly settings: Settings;
  readonly memory: Memory;
  readonly directory: Directory;
  /** Events can be taken from now on. */
  readonly onIntake: (intake: Intake) => void;
}

export interface Life {
  /** Resolves when the account stops or cannot go on; never rejects. Every trouble is a state. */
  readonly ended: Promise<void>;
  /** The token may be void: it is checked before anything goes on. */
  suspect(): void;
}

interface Session {
  readonly facts: Facts;
  readonly intake: Intake;
}

export function connectForLife(deps: ConnectionDeps): Life {
  const { context, settings } = deps;
  const trouble = createTrouble(context, settings);
  let leave = new AbortController();
  let session: Session | undefined;

  function suspect(): void {
    session = undefined;
    leave.abort();
  }

  async function live(): Promise<void> {
    context.state({ state: "connecting", sentence: "Asking Slack who the bot is" });
    while (!context.signal.aborted) {
      leave = new AbortController();
      try {
        // Later, so that the event that says it can still be acknowledged.
        session ??= await prepare(deps, () => void setTimeout(suspect));
        const { facts, intake } = session;
        const online = () => report(deps, trouble, facts);
        if (settings.signingSecret === undefined) {
          const ended = await runSocket({ ...deps, intake, onOpen: online, leave: leave.signal });
          if (!leave.signal.aborted) afterSocket(ended, deps);
        } else await watch(deps, leave.signal, online);
      } catch (error) {
        if (context.signal.aborted) return;
        // Ended on purpose, to look at the token: that is the next thing to happen.
        if (!leave.signal.aborted && !await trouble.handle(error)) return;
      }
    }
  }
  return { ended: live(), suspect };
}

function report({ context }: ConnectionDeps, trouble: Trouble, { sentence, ...self }: Facts): void {
  trouble.over();
  context.state({ state: "connected", sentence, self });
}

async function prepare({ context, api, settings, memory, directory, onIntake }: ConnectionDeps, onRevoked: () => void) {
  const auth = await whoAmI(api, context.signal);
  const self = { userId: auth.user_id, botId: auth.bot_id };
  const known = { self, directory, hasSpoken: memory.hasSpoken };
  const intake = createIntake({ context, settings, known, onRevoked });
  onIntake(intake);
  return { facts: factsOf(auth, settings), intake };
}

/** Throws for every end that is to be waited after. */
function afterSocket({ reason }: Ended, { context }: ConnectionDeps): void {
  const { signal, state, log } = context;
  if (signal.aborted) return;
  if (reason === undefined || !MOVES.has(reason)) throw new SocketRefused(reason ?? "the connection broke");
  log("info", "slack.socket_moves", { reason });
  state({ state: "reconnecting", sentence: "Slack asked for a fresh connection" });
}

/** In HTTP mode the only sign of life that can be asked for. */
async function watch({ context, api }: ConnectionDeps, leave: AbortSignal, online: () => void): Promise<void> {
  const signal = AbortSignal.any([context.signal, leave]);
  for (let first = true; !signal.aborted; first = false) {
    if (!first) await whoAmI(api, signal);
    context.alive();
    if (first) online();
    await sleep(WATCH_MS, signal);
  }
}
