/** The page as a whole: gate or node, its head, and what stands in the browser's tab. */
import { useEffect, useState } from "preact/hooks";
import type { State } from "../state/model.ts";
import { deviceName } from "../node.ts";
import { Abilities } from "./abilities.tsx";
import { Activity } from "./activity.tsx";
import { AskDialog } from "./asks.tsx";
import { isGate } from "../../page/gate.tsx";
import { useNodeState, useNow, useUi } from "./context.ts";
import { Elsewhere, Gate, Splash } from "./gate.tsx";
import { Mark } from "./icons.tsx";
import { Dialog, Preferences } from "./parts.tsx";
import { Stage } from "./stage.tsx";
import { StandingCard } from "./standing.tsx";

export function App() {
  const { t } = useUi();
  const state = useNodeState();
  const busy = state.jobs.length > 0 || state.ask !== undefined;
  useEffect(() => void (document.title = busy ? `● ${t.title}` : t.title), [busy, t]);
  if (state.tab === "elsewhere") return <Elsewhere />;
  if (isGate(state.connection)) return <Gate connection={state.connection} />;
  if (state.gatewayVersion === undefined) return <Splash />;
  return (
    <div class="node" data-shown={state.shown !== undefined}>
      <Head state={state} />
      <main class="node-main">
        <Stage />
        <div class="node-side">
          <StandingCard />
          <Abilities />
          <About state={state} />
        </div>
      </main>
      <Activity />
      <AskDialog />
    </div>
  );
}

function Head({ state }: { state: State }) {
  const { t, node } = useUi();
  const { connection } = state;
  const now = useNow(500);
  const waiting = connection.state === "waiting";
  const words = connection.state === "connected" ? t.connected : waiting ? t[connection.why] : t.connecting;
  return (
    <header class="node-head">
      <Mark />
      <div class="node-title">
        <h1>{deviceName(state)}</h1>
        <p class="connection" data-state={connection.state} role="status">
          <span class="dot" /> {words}
        </p>
      </div>
      {waiting && (
        <p class="retry muted small-text">
          {t.retryIn(Math.max(0, Math.ceil((connection.retryAt - now) / 1000)))}
          <button type="button" class="link" onClick={() => node.client.wake()}>{t.retryNow}</button>
        </p>
      )}
      <Preferences />
    </header>
  );
}

function About({ state }: { state: State }) {
  const { t, node } = useUi();
  const [leaving, setLeaving] = useState(false);
  const leave = async () => {
    await node.forget();
    location.reload();
  };
  return (
    <section class="about" aria-labelledby="about">
      <h2 id="about" class="sr">{t.about}</h2>
      <p class="muted small-text">{t.intro} {t.keepOpen}</p>
      <dl>
        <dt>{t.deviceId}</dt>
        <dd>
          <code>{state.deviceId?.slice(0, 12)}</code>
        </dd>
        <dt>{t.gateway}</dt>
        <dd>
          <code>{state.gatewayVersion}</code>
        </dd>
      </dl>
      <button type="button" class="link" onClick={() => setLeaving(true)}>{t.signOut}</button>
      {leaving && (
        <Dialog title={t.signOutAsk} onClose={() => setLeaving(false)}>
          <p class="muted">{t.signOutHint}</p>
          <div class="row end">
            <button type="button" class="button" autofocus onClick={() => setLeaving(false)}>{t.cancel}</button>
            <button type="button" class="button danger" onClick={() => void leave()}>{t.signOut}</button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
