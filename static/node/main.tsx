/** Starts the page: takes the one-use code out of the address bar, builds the node, listens for signs of life. */
import { render } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { Look } from "./canvas/frame.ts";
import { usePreferences } from "../page/preferences.tsx";
import { takeCode } from "../page/start.ts";
import { LANGUAGES } from "./i18n/mod.ts";
import { BrowserNode } from "./node.ts";
import { keep } from "./state/keep.ts";
import { App } from "./view/app.tsx";
import { type Ui, UiContext } from "./view/context.ts";

const DARK = matchMedia("(prefers-color-scheme: dark)");
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

/** What the page looks like now, for the page in the frame. */
function look(): Look {
  const chosen = document.documentElement.dataset["theme"];
  const dark = chosen === undefined ? DARK.matches : chosen === "dark";
  return { theme: dark ? "dark" : "light", prefersReducedMotion: STILL.matches };
}

function start(): BrowserNode {
  const node = new BrowserNode(takeCode(), look);
  addEventListener("online", () => node.wake());
  addEventListener("pageshow", () => node.wake());
  document.addEventListener(
    "visibilitychange",
    () => document.visibilityState === "visible" ? node.wake() : node.hidden(),
  );
  for (const query of [DARK, STILL]) query.addEventListener("change", () => node.frame.relook());
  // A fresh link opened in a tab that already shows the page changes only the fragment.
  addEventListener("hashchange", () => {
    const code = takeCode();
    if (code !== undefined) node.client.useCode(code);
  });
  return node;
}

function Root({ node }: { node: BrowserNode }) {
  const preferences = usePreferences(keep, LANGUAGES);
  const { language, theme } = preferences;
  useEffect(() => node.frame.relook(), [theme]);
  const ui = useMemo((): Ui => ({
    node,
    ...preferences,
    t: LANGUAGES[language],
  }), [node, language, theme]);
  return (
    <UiContext.Provider value={ui}>
      <App />
    </UiContext.Provider>
  );
}

const root = document.getElementById("app");
if (root) {
  const node = start();
  render(<Root node={node} />, root);
  node.start();
}
