/** The questions that only the person can answer. */
import type { Ask } from "../state/model.ts";
import { useNodeState, useNow, useUi } from "./context.ts";
import { Dialog } from "./parts.tsx";

export function AskDialog() {
  const { ask } = useNodeState();
  if (!ask) return null;
  return ask.kind === "screen" ? <ScreenAsk key={ask.id} ask={ask} /> : <OpenAsk key={ask.id} ask={ask} />;
}

function ScreenAsk({ ask }: { ask: Extract<Ask, { kind: "screen" }> }) {
  const { t, node } = useUi();
  const now = useNow(250);
  return (
    <Dialog title={t.askScreenTitle} onClose={() => node.asks.answer(ask.id, false)}>
      <p class="muted">{t.askScreenText(ask.seconds)}</p>
      <p class="countdown">{t.askLeft(Math.max(0, Math.ceil((ask.endsAt - now) / 1000)))}</p>
      <div class="row end">
        <button type="button" class="button" autofocus onClick={() => node.asks.answer(ask.id, false)}>{t.deny}</button>
        <button type="button" class="button primary" onClick={() => node.asks.answer(ask.id, true)}>{t.allow}</button>
      </div>
    </Dialog>
  );
}

function OpenAsk({ ask }: { ask: Extract<Ask, { kind: "open" }> }) {
  const { t, node } = useUi();
  return (
    <Dialog title={t.askOpenTitle} onClose={() => node.asks.answer(ask.id, false)}>
      <p class="muted">{t.askOpenText}</p>
      <p class="address">
        <code>{ask.url}</code>
      </p>
      <div class="row end">
        <button type="button" class="button" autofocus onClick={() => node.asks.answer(ask.id, false)}>
          {t.cancel}
        </button>
        <button type="button" class="button primary" onClick={() => node.asks.answer(ask.id, true)}>{t.open}</button>
      </div>
    </Dialog>
  );
}
