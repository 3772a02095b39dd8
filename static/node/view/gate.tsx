/** What stands before the node: the way in, the wait for approval, another tab, and refusals with their way out. */
import { useRef, useState } from "preact/hooks";
import type { Connection } from "../../client/protocol.ts";
import { useNodeState, useUi } from "./context.ts";
import { Icon, Mark } from "./icons.tsx";
import { CommandLine, Preferences } from "./parts.tsx";

type GateState = Extract<Connection, { readonly state: "ask" | "pairing" | "blocked" }>;
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
export function Splash() {
  const { t, node } = useUi();
  const { connection } = useNodeState();
  const waiting = connection.state === "waiting";
  return (
    <main class="gate">
      <h1 class="sr">{t.title}</h1>
      <span class="hero">
        <Mark />
      </span>
      <p class="muted" role="status">{waiting ? t[connection.why] : t.connecting}</p>
      {waiting && <button type="button" class="button" onClick={() => node.client.wake()}>{t.retryNow}</button>}
    </main>
  );
}

export function Elsewhere() {
  const { t, node } = useUi();
  return (
    <main class="gate">
      <section class="card">
        <span class="hero">
          <Mark />
        </span>
        <h1>{t.elsewhereTitle}</h1>
        <p class="muted">{t.elsewhereText}</p>
        <button type="button" class="button primary wide" onClick={() => node.takeOver()}>{t.takeOver}</button>
      </section>
      <Preferences />
    </main>
  );
}

function Ask({ reason }: { reason: Extract<Connection, { state: "ask" }>["reason"] }) {
  const { t, node } = useUi();
  const [token, setToken] = useState("");
  const [shown, setShown] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const problem = { first: undefined, wrong: t.askWrong, code: t.askCode, revoked: t.askRevoked }[reason];
  const show = () => {
    if (field.current) field.current.type = shown ? "password" : "text";
    setShown(!shown);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const secret = token.trim();
    if (!secret) return;
    setToken("");
    node.client.useToken(secret);
  };
  return (
    <form onSubmit={submit}>
      <h1>{t.askTitle}</h1>
      <p class="muted">{t.askFirst}</p>
      {problem && (
        <p class="problem" role="alert">
          <Icon name="alert" /> {problem}
        </p>
      )}
      <p class="muted or">{t.askOr}</p>
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
  const { t, node } = useUi();
  return (
    <>
      <h1>{t.pairingTitle}</h1>
      <p class="muted">{t.pairingText}</p>
      <dl class="facts">
        <dt>{t.request}</dt>
        <dd>
          <code class="request-id">{requestId}</code>
        </dd>
      </dl>
      <p>{t.pairingHow}</p>
      <CommandLine text={`openclaw devices approve ${requestId}`} />
      <p class="muted waiting-line" role="status">
        <span class="spinner" /> {t.pairingAuto}
      </p>
      <button type="button" class="button wide" onClick={() => node.client.wake()}>{t.retryNow}</button>
    </>
  );
}

function Blocked({ reason, message }: Extract<Connection, { state: "blocked" }>) {
  const { t, node } = useUi();
  const words = t.blocked[reason];
  const startOver = async () => {
    await node.forget();
    location.reload();
  };
  return (
    <div role="alert">
      <h1>{words.title}</h1>
      <p class="muted">{words.text}</p>
      {words.steps.length > 0 && <ul class="steps">{words.steps.map((step) => <li key={step}>{step}</li>)}</ul>}
      {(reason === "origin" || reason === "other") && (
        <p>
          <code>{reason === "origin" ? location.origin : message}</code>
        </p>
      )}
      {reason === "device"
        ? <button type="button" class="button primary wide" onClick={() => void startOver()}>{t.startOver}</button>
        : <button type="button" class="button primary wide" onClick={() => location.reload()}>{t.reload}</button>}
    </div>
  );
}
