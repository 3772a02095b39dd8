/** The panel of messaging channels: people who ask, messages that were not delivered, and the accounts. */
import { useEffect, useState } from "preact/hooks";
import { type ChannelAccount, needsPerson } from "../state/channels_model.ts";
import type { State } from "../state/model.ts";
import { AccountCard } from "./channel_account.tsx";
import { Held } from "./channel_held.tsx";
import { ChannelLogin } from "./channel_login.tsx";
import { FailureLine } from "./channel_parts.tsx";
import { Requests } from "./channel_requests.tsx";
import { useUi } from "./context.ts";
import { Dialog, DialogHead } from "./dialog.tsx";

export function Channels({ state, onClose }: { state: State; onClose(): void }) {
  const { t, chat } = useUi();
  const [said, setSaid] = useState("");
  const { channels } = state;
  useEffect(() => chat.channels.watch(), []);
  useEffect(() => {
    // The button that was pressed may be gone with its item; the keyboard must not be left outside the panel.
    if (document.activeElement === document.body) document.querySelector<HTMLElement>(".channels .ghost")?.focus();
  }, [channels.requests, channels.held]);
  return (
    <Dialog label={t.channels.title} name="panel channels" onClose={onClose}>
      <DialogHead title={t.channels.title} onClose={onClose} />
      <p class="done-line" role="status">{said}</p>
      <Requests state={state} onSaid={setSaid} />
      {(channels.held.length > 0 || channels.failures["held"]) && <Held state={state} onSaid={setSaid} />}
      <Accounts state={state} />
      {channels.login && <ChannelLogin login={channels.login} channels={channels} />}
    </Dialog>
  );
}

/** Accounts that need somebody come first; channels that are not set up are one line with the way to do it. */
function Accounts({ state }: { state: State }) {
  const { t, chat } = useUi();
  const { accounts, offers, loaded, failures } = state.channels;
  const failure = failures["accounts"];
  const sorted: ChannelAccount[] = [...accounts].sort((a, b) => Number(needsPerson(b)) - Number(needsPerson(a)));
  const others = offers.filter(({ id }) => !accounts.some(({ channel }) => channel === id));
  const labels = others.map(({ label }) => label).join(", ");
  return (
    <>
      <h3>{t.channels.accounts}</h3>
      {failure && <FailureLine failure={failure} onRetry={() => void chat.channels.refreshAccounts()} />}
      {!loaded && !failure && <p class="spinner" />}
      <ul class="devices">
        {sorted.map((one) => <AccountCard key={one.key} account={one} state={state} />)}
      </ul>
      {loaded && others.length > 0 && (
        <div class="muted small-text offers">
          <p>{accounts.length === 0 ? t.channels.none : t.channels.more(labels)}</p>
          <code>openclaw channels add {others[0]?.id}</code>
        </div>
      )}
    </>
  );
}
