/** What stands before the chat: the token form, the wait for approval, and refusals with their way out. */
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Connection } from "../../client/protocol.ts";
import { useUi } from "./context.ts";
import { Icon, Mark } from "./icons.tsx";
import { copyText } from "./markdown.tsx";
import { Preferences } from "./preferences.tsx";

export type GateState = Extract<Connection, { readonly state: "ask" | "pairing" | "blocked" }>;
export const isGate = (connection: Connection): connection is GateState =>
  connection.state === "ask" || connection.state === "pairing" || connection.state === "blocked";

export function Gate({ connection }: { connection: GateState }) {
  return (
    <main class="gate">
      <section class="card">
        <span class="hero">
          <Mark />
        </span>
        {connection.state === "ask" && <Ask reason={connection.reason} />}
        {connection.state === "pairing" && <Pairing requestId={connection.requestId} />}
        {connection.state === "blocked" && <Blocked {...connection} />}
      </section>
      <Preferences />
    </main>
  );
}

/** Before the first word of the gateway: the page is there at once, and says what it waits for. */
export function Splash({ connection }: { connection: Connection }) {
  const { t, client } = useUi();
  const waiting = connection.state === "waiting";
  return (
    <main class="gate">
      <h1 class="sr">OpenClaw</h1>
      <span class="hero">
        <Mark />
      </span>
      <p class="muted" role="status">{waiting ? t[connection.why] : t.connecting}</p>
      {waiting && <button type="button" class="button" onClick={() => client.wake()}>{t.retryNow}</button>}
    </main>
  );
}

const Title = ({ children }: { children: ComponentChildren }) => <h1>{children}</h1>;

function Ask({ reason }: { reason: Extract<Connection, { state: "ask" }>["reason"] }) {
  const { t, client } = useUi();
  const [token, setToken] = useState("");
  const [shown, setShown] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const show = () => {
    if (field.current) field.current.type = shown ? "password" : "text";
    setShown(!shown);
  };
  const problem = reason === "wrong" ? t.askWrong : reason === "code" ? t.askCode : undefined;
  const submit = (event: Event) => {
    event.preventDefault();
    const secret = token.trim();
    if (!secret) return;
    setToken("");
    client.useToken(secret);
  };
  return (
    <form onSubmit={submit}>
      <Title>{t.askTitle}</Title>
      <p class="muted">{t.askFirst}</p>
      {problem && (
        <p class="problem" role="alert">
          <Icon name="alert" /> {problem}
        </p>
      )}
      <label class="field">
        <span>{t.token}</span>
        <span class="with-button">
          <input
            ref={field}
            type="password"
            value={token}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            autofocus
            aria-describedby="token-hint"
            onInput={(event) => setToken(event.currentTarget.value)}
          />
          <button type="button" class="link" onClick={show}>{shown ? t.hide : t.show}</button>
        </span>
      </label>
      <p class="muted small-text" id="token-hint">
        <Icon name="lock" /> {t.tokenHint}
      </p>
      <button type="submit" class="button primary wide" disabled={!token.trim()}>{t.connect}</button>
    </form>
  );
}

function Pairing({ requestId }: { requestId: string }) {
  const { t, client } = useUi();
  const command = `openclaw devices approve ${requestId}`;
  const label = useRef<HTMLButtonElement>(null);
  return (
    <>
      <Title>{t.pairingTitle}</Title>
      <p class="muted">{t.pairingText}</p>
      <dl class="facts">
        <dt>{t.pairingId}</dt>
        <dd>
          <code class="request-id">{requestId}</code>
        </dd>
      </dl>
      <p>{t.pairingHow}</p>
      <div class="command">
        <code>{command}</code>
        <button
          type="button"
          class="link"
          ref={label}
          onClick={() => label.current && void copyText(command, label.current, t.copy, t.copied)}
        >
          {t.copy}
        </button>
      </div>
      <p class="muted waiting-line" role="status">
        <span class="spinner" /> {t.pairingAuto}
      </p>
      <button type="button" class="button wide" onClick={() => client.wake()}>{t.retryNow}</button>
    </>
  );
}

function Blocked({ reason, message }: Extract<Connection, { state: "blocked" }>) {
  const { t, forget } = useUi();
  const words = t.blocked[reason];
  const startOver = async () => {
    await forget();
    location.reload();
  };
  return (
    <div role="alert">
      <Title>{words.title}</Title>
      <p class="muted">{words.text}</p>
      {words.steps.length > 0 && <ul class="steps">{words.steps.map((step) => <li key={step}>{step}</li>)}</ul>}
      {reason === "origin" && (
        <p>
          <code>{location.origin}</code>
        </p>
      )}
      {reason === "other" && (
        <p>
          <code>{message}</code>
        </p>
      )}
      {reason === "device"
        ? <button type="button" class="button primary wide" onClick={() => void startOver()}>{t.startOver}</button>
        : <button type="button" class="button primary wide" onClick={() => location.reload()}>{t.reload}</button>}
    </div>
  );
}
