/** A login step by step: a code to scan or to type on the phone, fields to fill in, and the end in plain words. */
import { useRef, useState } from "preact/hooks";
import { safeHref } from "../../markdown/links.ts";
import {
  type ChannelsState,
  type LoginField,
  type LoginStep,
  type LoginView,
  offerOf,
} from "../state/channels_model.ts";
import { accountTitle, FailureLine } from "./channel_parts.tsx";
import { useNow, useUi } from "./context.ts";
import { Dialog, DialogHead } from "./dialog.tsx";
import { Icon } from "./icons.tsx";
import { copyText } from "./markdown.tsx";

export function ChannelLogin({ login, channels }: { login: LoginView; channels: ChannelsState }) {
  const { t, chat } = useUi();
  const desk = chat.channels.login;
  const title = `${t.channels.login}: ${accountTitle(channels, login)}`;
  const close = () => desk.close();
  const flows = offerOf(channels, login.channel)?.login ?? [];
  const waits = login.phase === "starting" || login.step?.kind === "wait" || (login.phase === "step" && !login.step);
  return (
    <Dialog label={title} name="panel login" onClose={close}>
      <DialogHead title={title} onClose={close} />
      {login.phase === "choosing" && <Ways flows={flows} onPick={(id) => void desk.start(id)} />}
      <div role="status">
        {login.phase === "done" && (
          <p class="login-end">
            <Icon name="check" /> <strong>{t.channels.loginDone}</strong>
          </p>
        )}
        {login.phase === "failed" && (
          <p class="login-end problem">
            <Icon name="alert" /> <strong>{t.channels.loginFailed}</strong>
          </p>
        )}
        {login.phase === "starting" && !login.step ? <p>{t.channels.state.starting}</p> : <p>{login.message}</p>}
      </div>
      {login.failure && <FailureLine failure={login.failure} />}
      {login.step?.kind === "show" && (
        <Show key={login.step.value} step={login.step} qr={login.qr} skewMs={channels.skewMs} />
      )}
      {login.step?.kind === "input" && (
        <Fields
          key={login.count}
          fields={login.step.fields}
          busy={login.phase === "starting"}
          onSend={(values) => void desk.start(login.flow, values)}
        />
      )}
      {waits && !login.failure && (
        <p class="waiting-line">
          <span class="spinner" />
        </p>
      )}
      <End login={login} onAgain={() => void desk.start(login.flow)} onClose={close} />
    </Dialog>
  );
}

function End({ login, onAgain, onClose }: { login: LoginView; onAgain(): void; onClose(): void }) {
  const { t } = useUi();
  return (
    <div class="row end">
      {login.phase === "failed" && <button type="button" class="button primary" onClick={onAgain}>{t.tryAgain}</button>}
      <button type="button" class={login.phase === "done" ? "button primary" : "button"} onClick={onClose}>
        {login.phase === "done" ? t.close : t.cancel}
      </button>
    </div>
  );
}

function Ways({ flows, onPick }: { flows: readonly { id: string; label: string }[]; onPick(id: string): void }) {
  const { t } = useUi();
  return (
    <>
      <p>{t.channels.loginWays}</p>
      <div class="ways">
        {flows.map(({ id, label }) => (
          <button key={id} type="button" class="button wide" onClick={() => onPick(id)}>{label}</button>
        ))}
      </div>
    </>
  );
}

type ShowStep = Extract<LoginStep, { kind: "show" }>;

function Show({ step, qr, skewMs }: { step: ShowStep; qr: string | undefined; skewMs: number }) {
  const { t } = useUi();
  const now = useNow(1_000) + skewMs;
  const left = step.expiresAt === undefined ? undefined : Math.max(0, Math.ceil((step.expiresAt - now) / 1_000));
  const href = step.what === "url" ? safeHref(step.value) : undefined;
  return (
    <div class="login-show" data-expired={left === 0}>
      {qr
        ? <img class="qr" src={qr} alt={t.channels.qrAlt} width="264" height="264" />
        : href
        ? <a class="button primary" href={href} target="_blank" rel="noopener noreferrer">{t.channels.openLink}</a>
        : <Code value={step.value} />}
      {left !== undefined && <p class="muted small-text" aria-live="off">{t.channels.validFor(left)}</p>}
    </div>
  );
}

function Code({ value }: { value: string }) {
  const { t } = useUi();
  const label = useRef<HTMLButtonElement>(null);
  return (
    <div class="command">
      <code class="login-code">{value}</code>
      <button
        type="button"
        class="link"
        ref={label}
        onClick={() => label.current && void copyText(value, label.current, t.copy, t.copied)}
      >
        {t.copy}
      </button>
    </div>
  );
}

interface FieldsProps {
  readonly fields: readonly LoginField[];
  readonly busy: boolean;
  onSend(values: Record<string, string>): void;
}

function Fields({ fields, busy, onSend }: FieldsProps) {
  const { t } = useUi();
  const [values, setValues] = useState<Record<string, string>>({});
  const full = fields.every(({ name }) => values[name]?.trim());
  const submit = (event: Event) => {
    event.preventDefault();
    if (full && !busy) onSend(Object.fromEntries(fields.map(({ name }) => [name, values[name]?.trim() ?? ""])));
  };
  return (
    <form onSubmit={submit}>
      {fields.map(({ name, label, secret }, at) => (
        <label key={name} class="field">
          <span>{label}</span>
          <input
            {...(secret ? { type: "password" as const } : {})}
            value={values[name] ?? ""}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            autofocus={at === 0}
            onInput={(event) => setValues({ ...values, [name]: event.currentTarget.value })}
          />
        </label>
      ))}
      <button type="submit" class="button primary wide" disabled={!full || busy}>{t.channels.next}</button>
    </form>
  );
}
