/** Starts the page: builds the parts, takes the one-use code out of the address bar, listens for signs of life. */
import { render } from "preact";
import { useMemo } from "preact/hooks";
import { browserSafe } from "../client/identity.ts";
import { browserTimers } from "../client/link.ts";
import { GatewayClient } from "../client/protocol.ts";
import { usePreferences } from "../page/preferences.tsx";
import { takeCode } from "../page/start.ts";
import { LANGUAGES } from "./i18n/mod.ts";
import { announce, VAULT } from "./state/announce.ts";
import { Chat } from "./state/chat.ts";
import { keep } from "./state/keep.ts";
import { createStore } from "./state/store.ts";
import { App } from "./view/app.tsx";
import { type Ui, UiContext } from "./view/context.ts";

/** Always the page's own origin: no parameter can point the page, and with it the key, at another gateway. */
const endpoint = (): string => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`;

function start() {
  const store = createStore();
  const safe = browserSafe(VAULT);
  const client: GatewayClient = new GatewayClient({
    safe,
    timers: browserTimers,
    announce,
    open: () => new WebSocket(endpoint()),
    random: Math.random,
    on: {
      state: (connection) => store.dispatch({ type: "connection", connection }),
      hello: (hello) => chat.hello(hello),
      event: (name, payload) => chat.event(name, payload),
      gap: () => chat.gap(),
    },
  }, takeCode());
  const chat = new Chat(store, client);
  safe.identity().then(({ deviceId }) => store.dispatch({ type: "identity", deviceId }), () => undefined);
  addEventListener("online", () => client.wake());
  addEventListener("pagehide", () => chat.stash());
  addEventListener("pageshow", () => client.wake());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && client.wake());
  // A fresh link opened in a tab that already shows the page changes only the fragment.
  addEventListener("hashchange", () => {
    const code = takeCode();
    if (code !== undefined) client.useCode(code);
  });
  return { store, client, chat, forget: () => safe.forget() };
}

function Root({ parts }: { parts: ReturnType<typeof start> }) {
  const preferences = usePreferences(keep, LANGUAGES);
  const { language, theme } = preferences;
  const ui = useMemo((): Ui => ({
    ...parts,
    ...preferences,
    t: LANGUAGES[language],
  }), [parts, language, theme]);
  return (
    <UiContext.Provider value={ui}>
      <App />
    </UiContext.Provider>
  );
}

const root = document.getElementById("app");
if (root) {
  const parts = start();
  render(<Root parts={parts} />, root);
  parts.client.start();
}
