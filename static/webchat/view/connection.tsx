/** The connection in plain words, with the next step as a button. */
import type { Connection } from "../../client/protocol.ts";
import type { Words } from "../i18n/mod.ts";
import { useNow, useUi } from "./context.ts";
import { Icon } from "./icons.tsx";

function connectionWords(t: Words, connection: Connection): string {
  if (connection.state === "connected") return t.connected;
  return connection.state === "waiting" ? t[connection.why] : t.connecting;
}

/** The quiet dot of the sidebar. */
export function ConnectionDot({ connection }: { connection: Connection }) {
  const { t } = useUi();
  return (
    <p class="connection" data-state={connection.state}>
      <span class="dot" /> {connectionWords(t, connection)}
    </p>
  );
}

/** The line above the message box; only there when something is wrong. */
export function ConnectionBar({ connection }: { connection: Connection }) {
  const { t, client } = useUi();
  const now = useNow(500);
  const waiting = connection.state === "waiting";
  const quiet = connection.state === "connected";
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
