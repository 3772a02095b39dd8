/** Strangers who wrote to a channel: who, where, what, and the owner's word about them. */
import { useState } from "preact/hooks";
import { may } from "../../client/protocol.ts";
import { ago } from "../i18n/mod.ts";
import { requestKey, type SenderRequest } from "../state/channels_model.ts";
import type { State } from "../state/model.ts";
import { accountTitle, Act, FailureLine, failureText } from "./channel_parts.tsx";
import { useNow, useUi } from "./context.ts";

interface Props {
  readonly state: State;
  onSaid(text: string): void;
}

export function Requests({ state, onSaid }: Props) {
  const { t, chat } = useUi();
  const { requests, failures } = state.channels;
  const failure = failures["requests"];
  return (
    <>
      <h3>{t.channels.requests}</h3>
      {failure && <FailureLine failure={failure} onRetry={() => void chat.channels.refreshRequests()} />}
      {requests.length === 0 && !failure && <p class="muted small-text">{t.channels.requestsNone}</p>}
      <ul class="devices">
        {requests.map((one) => <Request key={one.requestId} request={one} state={state} onSaid={onSaid} />)}
      </ul>
      {requests.length > 0 && may(state.hello, "operator.pairing") && <CodeForm onSaid={onSaid} />}
    </>
  );
}

function Request({ request, state, onSaid }: Props & { request: SenderRequest }) {
  const { t, chat, store } = useUi();
  const { channels } = state;
  const now = useNow(10_000) + channels.skewMs;
  const busy = channels.busy.includes(requestKey(request));
  const failure = channels.failures[requestKey(request)];
  const { name, senderId, preview, createdAt, expiresAt } = request;
  const decide = async (approve: boolean) => {
    const done = await chat.channels.decide(request, approve);
    const after = store.get().channels;
    if (done === "untold") onSaid(t.channels.untoldSaid(name));
    else if (done) onSaid(approve ? t.channels.approvedSaid(name) : t.channels.dismissedSaid(name));
    else if (!after.requests.some((one) => one.requestId === request.requestId)) {
      const why = after.failures[requestKey(request)];
      onSaid(why ? failureText(t, why) : t.channels.gone);
    }
  };
  const facts = [
    accountTitle(channels, request),
    name === senderId ? undefined : senderId,
    ago(t, createdAt, now),
    expiresAt ? t.channels.expires(Math.floor((expiresAt - now) / 60_000)) : undefined,
  ].filter((fact) => fact);
  return (
    <li class="device waiting">
      <div class="wide">
        <strong>{name}</strong>
        <p class="muted">{facts.join(" · ")}</p>
        {preview && (
          <blockquote class="quote">
            {preview}
          </blockquote>
        )}
        {failure && <FailureLine failure={failure} />}
      </div>
      <div class="row acts">
        <Act word={t.channels.dismiss} of={name} busy={busy} onClick={() => void decide(false)} />
        <Act word={t.approve} of={name} main busy={busy} onClick={() => void decide(true)} />
      </div>
    </li>
  );
}

/** The code stands in nobody's list: who can tell it is who asked. */
function CodeForm({ onSaid }: Pick<Props, "onSaid">) {
  const { t, chat } = useUi();
  const [code, setCode] = useState("");
  const [wrong, setWrong] = useState<string>();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!code.trim()) return;
    const answer = await chat.channels.approveCode(code.trim());
    if (answer.approved !== undefined) {
      setCode("");
      setWrong(undefined);
      onSaid(t.channels.approvedSaid(answer.approved));
    } else setWrong(answer.failure ? failureText(t, answer.failure) : t.channels.codeWrong);
  };
  return (
    <form class="code-form" onSubmit={(event) => void submit(event)}>
      <label>
        <span class="small-text muted">{t.channels.codeLabel}</span>
        <input
          value={code}
          maxLength={16}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          aria-invalid={wrong !== undefined}
          onInput={(event) => setCode(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button" disabled={!code.trim()}>{t.approve}</button>
      {wrong && <p class="problem small-text" role="alert">{wrong}</p>}
    </form>
  );
}
