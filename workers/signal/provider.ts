/** The Signal provider: connection, abilities, and what they share. */
import { type Provider, type ProviderContext, ProviderError } from "../runtime/provider.ts";
import { fetchMedia, react, read, remove, typing } from "./actions.ts";
import { createConnection } from "./connection.ts";
import { isLoggedOut, toChannelError } from "./errors.ts";
import { createIntake } from "./intake.ts";
import { createLogin } from "./login.ts";
import { createMemory } from "./memory.ts";
import { edit, send } from "./outbound.ts";
import { createRpc } from "./rpc.ts";
import { createSaved } from "./saved.ts";
import { readSettings } from "./settings.ts";
import { notConnected, type Shared } from "./shared.ts";

export function createProvider(context: ProviderContext): Provider {
  const settings = readSettings(context);
  const rpc = createRpc(settings.baseUrl);
  const saved = createSaved(context);
  const memory = createMemory();
  const intake = createIntake({ context, settings, saved, memory });
  const connection = createConnection({ context, rpc, settings, saved, intake });
  const login = createLogin({ context, rpc, settings, saved, onLinked: connection.restart });
  const shared: Shared = {
    rpc,
    settings,
    memory,
    log: context.log,
    identity() {
      if (!connection.identity) throw notConnected();
      return connection.identity;
    },
  };
  let life: Promise<void> | undefined;

  /** An operation may be the first to learn that Signal has thrown the device out. */
  async function watched<T>(work: Promise<T>): Promise<T> {
    try {
      const value = await work;
      connection.refused(undefined);
      return value;
    } catch (error) {
      const failure = toChannelError(error);
      if (isLoggedOut(failure)) connection.refused(failure.message);
      throw error instanceof ProviderError ? error : new ProviderError(failure);
    }
  }

  return {
    connect() {
      life = connection.run();
    },
    // The stream listens to the account's signal; a subscription is ended before a successor begins its own.
    disconnect: async () => await life,
    send: (message, signal) => watched(send(shared, message, signal)),
    edit: (target, messageId, text, signal) => watched(edit(shared, target, messageId, text, signal)),
    delete: (target, messageId, signal) => watched(remove(shared, target, messageId, signal)),
    react: (target, messageId, emoji, options, signal) =>
      watched(react(shared, target, messageId, emoji, options, signal)),
    typing: (target, on, signal) => watched(typing(shared, target, on, signal)),
    read: (target, messageId, senderId, signal) => watched(read(shared, target, messageId, senderId, signal)),
    fetchMedia: (ref, maxBytes, signal) => watched(fetchMedia(shared, ref, maxBytes, signal)),
    async probe(signal) {
      await rpc.check(signal);
      const { self, version, multi } = connection.identity ?? {};
      return {
        daemonReachable: true,
        eventsFlowing: connection.flowing,
        ...(connection.lastLifeAt === undefined ? {} : { lastEventStreamLifeAt: connection.lastLifeAt }),
        ...(self === undefined ? {} : { id: self.id, version, severalAccounts: multi }),
      };
    },
    login: () => login.start(),
    cancelLogin() {
      login.cancel();
      return Promise.resolve();
    },
    async logout() {
      await saved.commit({ loggedOut: true });
      connection.restart();
      const sentence =
        "Logged out here; the daemon keeps the account until the phone removes it (Settings, Linked devices)";
      context.state({ state: "logged_out", sentence, userAction: "login" });
    },
  };
}
