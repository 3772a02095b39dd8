/** One account of a channel: how it is, since when, what a person must do, and the buttons for it. */
import { useState } from "preact/hooks";
import { may } from "../../client/protocol.ts";
import { clockTime, exactTime } from "../i18n/mod.ts";
import { actsOf, type ChannelAccount, offerOf, toneOf } from "../state/channels_model.ts";
import type { State } from "../state/model.ts";
import { accountTitle, Act, CardHead, FailureLine } from "./channel_parts.tsx";
import { useNow, useUi } from "./context.ts";
import { Confirm } from "./dialog.tsx";

const DAY_MS = 86_400_000;

/** The page's word for a value of the wire; a newer gateway's own word where we have none. */
const wordFor = (words: Readonly<Record<string, string>>, value: string): string =>
  words[value] ?? value.replaceAll("_", " ");

export function AccountCard({ account, state }: { account: ChannelAccount; state: State }) {
  const { t } = useUi();
  const { channels } = state;
  const failure = channels.failures[account.key];
  const { userAction, sentence } = account;
  const word = wordFor(t.channels.state, account.state);
  return (
    <li class="device account" data-tone={toneOf(account.state)}>
      <CardHead title={accountTitle(channels, account)} word={word} />
      {sentence && sentence !== word && <p>{sentence}</p>}
      <Facts account={account} skewMs={channels.skewMs} />
      {userAction && (
        <p class="todo">
          <b>{t.channels.todo}</b> {wordFor(t.channels.userAction, userAction)}
        </p>
      )}
      {failure && <FailureLine failure={failure} />}
      <Buttons account={account} state={state} />
      {account.permissions.length > 0 && (
        <details class="fold">
          <summary>{t.channels.rights}</summary>
          <div class="fold-body">
            {account.foreignAddresses.map((one) => <p key={one}>{t.channels.foreign(one)}</p>)}
            <pre tabIndex={0}>{account.permissions.join("\n")}</pre>
          </div>
        </details>
      )}
    </li>
  );
}

function Facts({ account, skewMs }: { account: ChannelAccount; skewMs: number }) {
  const { t } = useUi();
  const now = useNow(1_000) + skewMs;
  const { self, since, nextRetryAt } = account;
  const facts = [
    self,
    since && t.channels.since(now - since < DAY_MS ? clockTime(t, since) : exactTime(t, since)),
    nextRetryAt && t.channels.nextTry(Math.max(0, Math.ceil((nextRetryAt - now) / 1_000))),
  ].filter((fact) => fact);
  return <p class="muted">{facts.join(" · ")}</p>;
}

function Buttons({ account, state }: { account: ChannelAccount; state: State }) {
  const { t, chat } = useUi();
  const [leaving, setLeaving] = useState(false);
  const { channels } = state;
  const offer = offerOf(channels, account.channel);
  const acts = actsOf(account, offer);
  const busy = channels.busy.includes(account.key);
  const title = accountTitle(channels, account);
  if (!acts.login && !acts.start && !acts.stop && !acts.logout) return null;
  if (!may(state.hello, "operator.admin")) {
    return <p class="muted small-text">{t.channels.noRight("operator.admin")}</p>;
  }
  const act = (word: string, onClick: () => void, main = false) => (
    <Act word={word} of={title} main={main} busy={busy} onClick={onClick} />
  );
  const change = (verb: "start" | "stop") => act(t.channels[verb], () => void chat.channels.change(verb, account));
  return (
    <div class="row acts" aria-busy={busy}>
      {acts.login && act(t.channels.login, () => chat.channels.login.open(account, offer?.login ?? []), true)}
      {acts.start && change("start")}
      {acts.stop && change("stop")}
      {acts.logout && act(t.channels.logout, () => setLeaving(true))}
      {busy && <span class="spinner" />}
      {leaving && (
        <Confirm
          title={t.channels.logoutAsk(title)}
          hint={t.channels.logoutHint}
          action={t.channels.logout}
          onConfirm={() => void chat.channels.change("logout", account)}
          onClose={() => setLeaving(false)}
        />
      )}
    </div>
  );
}
