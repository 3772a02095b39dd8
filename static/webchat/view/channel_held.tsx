/** Messages whose delivery was given up or whose outcome nobody knows: the owner decides. */
import { useState } from "preact/hooks";
import { may } from "../../client/protocol.ts";
import { ago, exactTime } from "../i18n/mod.ts";
import { heldKey, type HeldMessage } from "../state/channels_model.ts";
import type { State } from "../state/model.ts";
import { accountTitle, Act, CardHead, FailureLine } from "./channel_parts.tsx";
import { useNow, useUi } from "./context.ts";
import { Confirm } from "./dialog.tsx";

interface Props {
  readonly state: State;
  onSaid(text: string): void;
}

export function Held({ state, onSaid }: Props) {
  const { t, chat } = useUi();
  const { held, failures } = state.channels;
  const failure = failures["held"];
  return (
    <>
      <h3>{t.channels.held}</h3>
      {failure && <FailureLine failure={failure} onRetry={() => void chat.channels.refreshHeld()} />}
      {held.length > 0 && !may(state.hello, "operator.write") && (
        <p class="muted small-text">{t.channels.noRight("operator.write")}</p>
      )}
      <ul class="devices">
        {held.map((one) => <HeldCard key={one.id} message={one} state={state} onSaid={onSaid} />)}
      </ul>
    </>
  );
}

function HeldCard({ message, state, onSaid }: Props & { message: HeldMessage }) {
  const { t, chat } = useUi();
  const { channels } = state;
  const now = useNow(30_000) + channels.skewMs;
  const [asking, setAsking] = useState<"retry" | "drop">();
  const busy = channels.busy.includes(heldKey(message));
  const failure = channels.failures[heldKey(message)];
  const place = t.channels.heldTo(message.chatId, accountTitle(channels, message));
  const doubtful = message.state === "unknown" || message.possibleDuplicate;
  const settle = async (verb: "retry" | "drop") => {
    if (await chat.channels.settle(verb, message)) {
      onSaid(verb === "retry" ? t.channels.againSaid : t.channels.dropSaid);
    }
  };
  return (
    <li class="device account" data-tone={message.state === "unknown" ? "busy" : "bad"}>
      <CardHead title={place} word={t.channels.heldState[message.state]} />
      {message.preview && <blockquote class="quote">{message.preview}</blockquote>}
      {message.error && <p>{message.error}</p>}
      <p class="muted">
        <time title={exactTime(t, message.updatedAt)}>{ago(t, message.updatedAt, now)}</time>
        {message.possibleDuplicate && ` · ${t.channels.duplicate}`}
      </p>
      {failure && <FailureLine failure={failure} />}
      {may(state.hello, "operator.write") && (
        <div class="row acts">
          <Act word={t.channels.again} of={place} busy={busy} onClick={() => setAsking("retry")} />
          <Act word={t.channels.drop} of={place} busy={busy} onClick={() => setAsking("drop")} />
        </div>
      )}
      {asking && (
        <Confirm
          title={asking === "retry" ? t.channels.againAsk : t.channels.dropAsk}
          hint={asking === "drop" ? t.channels.dropHint : doubtful ? t.channels.againTwice : t.channels.againOnce}
          action={asking === "retry" ? t.channels.again : t.channels.drop}
          onConfirm={() => void settle(asking)}
          onClose={() => setAsking(undefined)}
        />
      )}
    </li>
  );
}
