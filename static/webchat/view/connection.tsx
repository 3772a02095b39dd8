/** The connection in plain words, with the next step as a button. */
import type { Connection } from "../client/protocol.ts";
import type { Words } from "../i18n/mod.ts";
import { useNow, useUi } from "./context.ts";
import { Icon } from "./icons.tsx";

export function connectionWords(t: Words, connection: Connection, now: number): string {
  switch (connection.state) {
    case "connected":
      return t.connected;
    case "waiting": {
      const seconds = Math.max(0, Math.ceil((connection.retryAt - now) / 1000));
      return `${t[connection.why]} · ${t.retryIn(seconds)}`;
    }
    case "pairing":
      return t.pairingTitle;
    default:
      return t.connecting;
  }
}

/** The quiet dot of the sidebar. */
export function ConnectionDot({ connection }: { connection: Connection }) {
  const { t } = useUi();
  const now = useNow(1000);
  return (
    <p class="connection" data-state={connection.state}>
      <span class="dot" /> {connectionWords(t, connection, now)}
    </p>
  );
}

/** The line above the message box; only there when something is wrong. */
export function ConnectionBar({ connection, was }: { connection: Connection; was: boolean }) {
  const { t, client } = useUi();
  const now = useNow(500);
  const waiting = connection.state === "waiting";
  const quiet = connection.state === "connected" || (!waiting && !was);
  return (
    <div class="bar-box" role="status">
      {!quiet && (
        <p class="bar">
          <Icon name="alert" />
          <span>{waiting ? t[connection.why] : t.connecting}</span>
          {waiting && (
            <span class="muted" aria-live="off">
              {t.retryIn(Math.max(0, Math.ceil((connection.retryAt - now) / 1000)))}
            </span>
          )}
          {waiting && <button type="button" class="link" onClick={() => client.wake()}>{t.retryNow}</button>}
        </p>
      )}
    </div>
  );
}
