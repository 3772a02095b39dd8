/** The way of a phone to the gateway: a code to scan, or the sentence that says what is missing for it. */
import { useRef } from "preact/hooks";
import type { PhoneLink } from "../state/nodes_model.ts";
import { FailureLine } from "./channel_parts.tsx";
import { useNow, useUi } from "./context.ts";
import { Dialog, DialogHead } from "./dialog.tsx";
import { copyText } from "./markdown.tsx";

export function AddPhone({ link, skewMs }: { link: PhoneLink; skewMs: number }) {
  const { t, chat } = useUi();
  const close = () => chat.nodes.closeLink();
  const again = () => void chat.nodes.makeLink();
  return (
    <Dialog label={t.nodes.linkTitle} name="small phone-link" onClose={close}>
      <DialogHead title={t.nodes.linkTitle} onClose={close} />
      {link.state === "loading" && <p class="spinner" />}
      {link.state === "failed" && <FailureLine failure={link.failure} onRetry={again} />}
      {link.state === "unavailable" && (
        <div role="status">
          <p>
            <b>{t.nodes.linkNone}</b>
          </p>
          <p class="muted">{link.reason}</p>
        </div>
      )}
      {link.state === "ready" && <Ready link={link} skewMs={skewMs} onAgain={again} />}
    </Dialog>
  );
}

interface ReadyProps {
  readonly link: Extract<PhoneLink, { state: "ready" }>;
  readonly skewMs: number;
  onAgain(): void;
}

function Ready({ link, skewMs, onAgain }: ReadyProps) {
  const { t } = useUi();
  const now = useNow(1_000) + skewMs;
  const left = link.expiresAt === undefined ? undefined : Math.max(0, Math.ceil((link.expiresAt - now) / 1_000));
  return (
    <>
      <p class="muted small-text">{t.nodes.linkSteps}</p>
      <div class="login-show" data-expired={left === 0}>
        {link.qr && <img class="qr" src={link.qr} alt={t.nodes.linkAlt} width="264" height="264" />}
        {left !== undefined && (
          <p class="muted small-text" aria-live="off">{left > 0 ? t.nodes.linkLeft(left) : t.nodes.linkExpired}</p>
        )}
      </div>
      {left === 0
        ? <button type="button" class="button primary wide" onClick={onAgain}>{t.nodes.linkNew}</button>
        : <LinkLine url={link.url} />}
      {link.fingerprint && (
        <p class="small-text fingerprint">
          {t.nodes.linkFingerprint} <code>{link.fingerprint}</code>
        </p>
      )}
    </>
  );
}

function LinkLine({ url }: { url: string }) {
  const { t } = useUi();
  const label = useRef<HTMLButtonElement>(null);
  return (
    <div class="command" role="group" aria-label={t.nodes.linkLabel}>
      <code>{url}</code>
      <button
        type="button"
        class="link"
        ref={label}
        onClick={() => label.current && void copyText(url, label.current, t.copy, t.copied)}
      >
        {t.copy}
      </button>
    </div>
  );
}
