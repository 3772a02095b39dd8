/** The Slack provider: connection, abilities, and what they share. */
import { type Provider, type ProviderContext, ProviderError } from "../runtime/provider.ts";
import { createTyping, edit, react, remove } from "./actions.ts";
import { createApi } from "./api.ts";
import { connectForLife, type Life } from "./connection.ts";
import { createDirectory } from "./directory.ts";
import { toChannelError, toProviderError } from "./errors.ts";
import { fetchFile } from "./files.ts";
import type { Intake } from "./intake.ts";
import { createMemory } from "./memory.ts";
import { createSend } from "./outbound.ts";
import { factsOf, whoAmI } from "./self.ts";
import { readSettings, type Settings } from "./settings.ts";
import { createResolve } from "./target.ts";
import { answerPost } from "./webhook.ts";

/** Throws ProviderError for a configuration that can never work. */
export function createProvider(context: ProviderContext): Provider {
  const settings = readSettings(context);
  checkTokens(settings);
  const api = createApi(settings);
  const memory = createMemory();
  const resolve = createResolve(api);
  const shared = { api, resolve };
  const send = createSend({ api, settings, memory, resolve, store: context.store });
  const typing = createTyping(shared);
  let life: Life | undefined;
  let intake: Intake | undefined;

  /** A call that says that the token is void is a matter of the whole account. */
  async function watched<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const failure = toProviderError(error);
      if (failure.error.fatal === true) life?.suspect();
      throw failure;
    }
  }

  return {
    connect() {
      const directory = createDirectory({ context, api });
      life = connectForLife({ context, api, settings, memory, directory, onIntake: (made) => intake = made });
    },
    // The socket listens to the account's signal; a successor must not start while it is open.
    disconnect: async () => await life?.ended,
    send: (message, signal) => watched(send(message, signal)),
    edit: (target, messageId, text, signal) => watched(edit(shared, target, messageId, text, signal)),
    delete: (target, messageId, signal) => watched(remove(shared, target, messageId, signal)),
    react: (target, messageId, emoji, options, signal) =>
      watched(react(shared, target, messageId, emoji, options, signal)),
    typing: (target, on, signal) => watched(typing(target, on, signal)),
    fetchMedia: (ref, maxBytes, signal) => watched(fetchFile(ref, maxBytes, { api, settings }, signal)),
    async probe(signal) {
      const { sentence: _, ...facts } = factsOf(await watched(whoAmI(api, signal)), settings);
      return facts;
    },
    async login() {
      context.loginStep({ kind: "wait", text: "Asking Slack about the bot token" });
      try {
        const { sentence, name } = factsOf(await whoAmI(api, context.signal), settings);
        context.loginStep({ kind: "done", text: sentence, account: name });
      } catch (error) {
        const { message, retryable } = toChannelError(error);
        context.loginStep({ kind: "failed", text: message, retryable });
      }
    },
    async webhook(request) {
      const { signingSecret } = settings;
      if (signingSecret === undefined) return { status: 404, body: "HTTP mode is off" };
      const answer = await answerPost(request, signingSecret, intake);
      if (answer.status === 200) context.alive();
      return answer;
    },
  };
}

/** The kinds are told by their beginnings; taking one for the other is the usual mistake. */
function checkTokens({ botToken, appToken, signingSecret }: Settings): void {
  if (!/^(?:xoxe\.)?xoxb-/u.test(botToken)) {
    throw badToken("This is no bot token: it must begin with xoxb-, as OAuth & Permissions of the app shows it");
  }
  if (signingSecret === undefined && !appToken.startsWith("xapp-")) {
    throw badToken("This is no app-level token: it must begin with xapp-, as Basic Information of the app shows it");
  }
}

const badToken = (message: string): ProviderError =>
  new ProviderError({ code: "unauthorized", message, retryable: false, fatal: true, outcome: "not_sent" });
