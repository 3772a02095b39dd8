/** The Discord provider: connection, abilities, and what they share. */
import { checker } from "../../schemas/validate.ts";
import { type Provider, type ProviderContext, ProviderError } from "../runtime/provider.ts";
import { createAnswers } from "./answers.ts";
import { catchUp } from "./catch_up.ts";
import { commandsOf } from "./commands.ts";
import { createDirectory } from "./directory.ts";
import { toChannelError } from "./errors.ts";
import { createGateway } from "./gateway.ts";
import { fetchAttachment } from "./inbound_media.ts";
import { createIntake } from "./intake.ts";
import { createMemory } from "./memory.ts";
import { createOutlet } from "./outbound.ts";
import { askSelf } from "./self.ts";
import { createRecent } from "./recent.ts";
import { createApi } from "./rest.ts";
import { readSettings } from "./settings.ts";
import { Ready } from "./wire.ts";

const checkReady = checker(Ready);

/** Throws ProviderError for a configuration that can never work. */
export function createProvider(context: ProviderContext): Provider {
  const settings = readSettings(context);
  if (/\s/u.test(settings.token) || settings.token === "") {
    const message = "This is no bot token: copy it from the Discord Developer Portal (Bot, Reset Token)";
    throw new ProviderError({ code: "unauthorized", message, retryable: false, fatal: true, outcome: "not_sent" });
  }
  const { log, signal } = context;
  const api = createApi(settings);
  const memory = createMemory(context, settings);
  const directory = createDirectory(api, () => memory.self()?.id);
  const answers = createAnswers(api, signal);
  const own = createRecent();
  const outlet = createOutlet({ api, settings, answers, onSent: own.add });
  const intake = createIntake({ context, api, memory, directory, answers, own, pause: (ms) => gateway.pause(ms) });
  const gateway = createGateway({
    context,
    settings,
    api,
    memory,
    events: { dispatch: intake.dispatch, ready, connected: () => void register() },
  });
  let registered = false;

  /** A new session: the first one of this process, or one that could not be resumed. */
  function ready(data: unknown): void {
    const checked = checkReady(data);
    if (!checked.ok) return log("warn", "discord.ready_unreadable", { reason: checked.error });
    const { user, application } = checked.value;
    const applicationId = application?.id ?? user.id;
    memory.learnSelf({
      id: user.id,
      applicationId,
      ...(user.username === undefined ? {} : { username: user.username }),
    });
    void catchUp({ context, api, memory, directory, settings, intake });
  }

  /** Once in a process. Replaces the whole list, so that a command that is gone here is gone there. */
  async function register(): Promise<void> {
    const applicationId = memory.self()?.applicationId;
    if (registered || applicationId === undefined) return;
    registered = true;
    const { commands, refused } = commandsOf(settings);
    if (refused.length > 0) log("warn", "discord.commands_refused", { commands: refused });
    try {
      await api.call("put", `/applications/${applicationId}/commands`, signal, { body: commands });
    } catch (error) {
      registered = false;
      if (!signal.aborted) log("warn", "discord.commands_not_registered", { reason: toChannelError(error).message });
    }
  }

  return {
    ...outlet,
    connect: gateway.start,
    async disconnect() {
      answers.close();
      await gateway.stop("resumable");
      await memory.flush();
      api.close();
    },
    fetchMedia: (ref, maxBytes, signal) => fetchAttachment(ref, maxBytes, settings, signal),
    probe: (signal) => askSelf(api, settings, signal),
    async login() {
      context.loginStep({ kind: "wait", text: "Asking Discord about the bot token" });
      try {
        const { sentence, username, id, ready: isReady } = await askSelf(api, settings, signal);
        context.loginStep(
          isReady
            ? { kind: "done", text: sentence, account: username ?? id }
            : { kind: "failed", text: sentence, retryable: true },
        );
      } catch (error) {
        const { message, retryable } = toChannelError(error);
        context.loginStep({ kind: "failed", text: message, retryable });
      }
    },
    async logout() {
      await gateway.stop("for_good");
      await memory.forget();
      const sentence = "Logged out; the token itself ends only when it is reset in the Discord Developer Portal";
      context.state({ state: "logged_out", sentence, userAction: "set_token" });
    },
  };
}
