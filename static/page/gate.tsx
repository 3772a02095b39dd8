/** What stands before a page that may not go on: the token form, the wait for approval, and refusals with their way out. */
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Connection } from "../client/protocol.ts";
import { Drawing, Mark, NOTE_PATHS } from "./drawings.tsx";

export type GateState = Extract<Connection, { readonly state: "ask" | "pairing" | "blocked" }>;
export type Blocked = Extract<Connection, { readonly state: "blocked" }>;

export const isGate = (connection: Connection): connection is GateState =>
  connection.state === "ask" || connection.state === "pairing" || connection.state === "blocked";

/** The mark above whatever stands in the card; `below` lies outside of it. */
export const Card = ({ children, below }: { children: ComponentChildren; below: ComponentChildren }) => (
  <main class="gate">
    <section class="card">
      <span class="hero">
        <Mark />
      </span>
      {children}
    </section>
    {below}
  </main>
);

interface SplashProps {
  readonly title: string;
  readonly t: Readonly<Record<"connecting" | "retryNow" | Extract<Connection, { state: "waiting" }>["why"], string>>;
  readonly connection: Connection;
  wake(): void;
}

/** Before the first word of the gateway: the page is there at once, and says what it waits for. */
export function SplashScreen({ title, t, connection, wake }: SplashProps) {
  const waiting = connection.state === "waiting";
  return (
    <main class="gate">
      <h1 class="sr">{title}</h1>
      <span class="hero">
        <Mark />
      </span>
      <p class="muted" role="status">{waiting ? t[connection.why] : t.connecting}</p>
      {waiting && <button type="button" class="button" onClick={wake}>{t.retryNow}</button>}
    </main>
  );
}

interface TokenFormProps {
  readonly t: Readonly<
    Record<"askTitle" | "askFirst" | "token" | "tokenHint" | "show" | "hide" | "connect", string>
  >;
  /** Why it is asked again. */
  readonly problem: string | undefined;
  readonly autofocus: boolean;
  /** Between the first words and the field. */
  readonly children?: ComponentChildren;
  onToken(token: string): void;
}

export function TokenForm({ t, problem, autofocus, children, onToken }: TokenFormProps) {
  const [token, setToken] = useState("");
  const [shown, setShown] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const show = () => {
    if (field.current) field.current.type = shown ? "password" : "text";
    setShown(!shown);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const secret = token.trim();
    if (!secret) return;
    setToken("");
    onToken(secret);
  };
  return (
    <form onSubmit={submit}>
      <h1>{t.askTitle}</h1>
      <p class="muted">{t.askFirst}</p>
      {problem && (
        <p class="problem" role="alert">
          <Drawing path={NOTE_PATHS.alert} /> {problem}
        </p>
      )}
      {children}
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
            autofocus={autofocus}
            aria-describedby="token-hint"
            onInput={(event) => setToken(event.currentTarget.value)}
          />
          <button type="button" class="link" onClick={show}>{shown ? t.hide : t.show}</button>
        </span>
      </label>
      <p class="muted small-text" id="token-hint">
        <Drawing path={NOTE_PATHS.lock} /> {t.tokenHint}
      </p>
      <button type="submit" class="button primary wide" disabled={!token.trim()}>{t.connect}</button>
    </form>
  );
}

interface WaitProps {
  readonly t: Readonly<Record<"pairingTitle" | "pairingText" | "pairingHow" | "pairingAuto" | "retryNow", string>>;
  /** What the id is called. */
  readonly label: string;
  readonly requestId: string;
  /** The command line that lets this browser in. */
  readonly children: ComponentChildren;
  wake(): void;
}

export const ApprovalWait = ({ t, label, requestId, children, wake }: WaitProps) => (
  <>
    <h1>{t.pairingTitle}</h1>
    <p class="muted">{t.pairingText}</p>
    <dl class="facts">
      <dt>{label}</dt>
      <dd>
        <code class="request-id">{requestId}</code>
      </dd>
    </dl>
    <p>{t.pairingHow}</p>
    {children}
    <p class="muted waiting-line" role="status">
      <span class="spinner" /> {t.pairingAuto}
    </p>
    <button type="button" class="button wide" onClick={wake}>{t.retryNow}</button>
  </>
);

interface RefusalProps {
  readonly t: {
    readonly blocked: Readonly<
      Record<Blocked["reason"], { readonly title: string; readonly text: string; readonly steps: readonly string[] }>
    >;
    readonly startOver: string;
    readonly reload: string;
  };
  readonly connection: Blocked;
  /** Forgets this browser's key and token. */
  forget(): Promise<void>;
}

export function Refusal({ t, connection: { reason, message }, forget }: RefusalProps) {
  const words = t.blocked[reason];
  const startOver = () => void forget().then(() => location.reload());
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
        ? <button type="button" class="button primary wide" onClick={startOver}>{t.startOver}</button>
        : <button type="button" class="button primary wide" onClick={() => location.reload()}>{t.reload}</button>}
    </div>
  );
}
