/** An account's life on the platform: who are we, the menu, then updates until it stops. */
import { checker } from "../../schemas/validate.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import { type OpenApi, readAnswer } from "./api.ts";
import { menuOf } from "./commands.ts";
import { toChannelError } from "./errors.ts";
import { createIntake, type Intake } from "./intake.ts";
import type { Memory } from "./memory.ts";
import { createPolling } from "./polling.ts";
import { factsOf } from "./self.ts";
import type { Settings } from "./settings.ts";
import { createTrouble } from "./trouble.ts";
import { leaveWebhook, runWebhook } from "./webhook.ts";
import { Me } from "./wire.ts";

const checkMe = checker(Me);

export interface ConnectionDeps {
  readonly context: ProviderContext;
  readonly api: OpenApi;
  readonly settings: Settings;
  readonly memory: Memory;
  /** Updates can be taken from now on. */
  readonly onIntake: (intake: Intake) => void;
}

/** Resolves when the account stops or cannot go on; never rejects. Every trouble is a state. */
export async function connectForLife(deps: ConnectionDeps): Promise<void> {
  const { context, settings } = deps;
  const trouble = createTrouble(context, settings);
  let session: (() => Promise<void>) | undefined;
  let connected = false;

  function online(self: ReturnType<typeof factsOf>): void {
    trouble.over();
    if (connected) return;
    connected = true;
    const { sentence, ...facts } = self;
    context.state({ state: "connected", sentence, self: facts });
  }

  context.state({ state: "connecting", sentence: "Asking Telegram who the bot is" });
  while (!context.signal.aborted) {
    try {
      // Made once: the place in the stream of updates must survive a broken connection.
      session ??= await prepare(deps, online);
      await session();
    } catch (error) {
      connected = false;
      if (context.signal.aborted || !await trouble.handle(error)) return;
    }
  }
}

async function prepare(
  { context, api, settings, memory, onIntake }: ConnectionDeps,
  online: (self: ReturnType<typeof factsOf>) => void,
): Promise<() => Promise<void>> {
  const { signal } = context;
  const me = readAnswer(checkMe, "getMe", await api(signal).getMe());
  const self = factsOf(me, settings);
  const menu = menuOf(settings);
  const names = settings.nativeCommands ? menu.commands.map(({ command }) => command) : [];
  const intake = createIntake({ context, api, memory, known: { me, commands: new Set(names) } });
  onIntake(intake);
  if (settings.nativeCommands) await registerMenu({ context, api }, menu);
  const onAnswer = () => online(self);
  const { webhook } = settings;
  if (webhook) return () => runWebhook({ context, api, webhook, onAnswer });
  await leaveWebhook(api, signal);
  const polling = createPolling({ context, api, settings, botId: String(me.id), intake, onAnswer });
  return polling.run;
}

/** A bot without a menu works as well, so a refusal is only logged. */
async function registerMenu(
  { context, api }: Pick<ConnectionDeps, "context" | "api">,
  { commands, refused }: ReturnType<typeof menuOf>,
): Promise<void> {
  if (refused.length > 0) context.log("warn", "telegram.commands_refused", { names: refused });
  try {
    await api(context.signal).setMyCommands(commands);
  } catch (error) {
    const failure = toChannelError(error);
    if (failure.fatal === true) throw error;
    context.log("warn", "telegram.menu_not_set", { reason: failure.message });
  }
}
