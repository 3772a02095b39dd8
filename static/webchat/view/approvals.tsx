/** Commands that wait for the person: cards above the message box, the oldest first, and a line for how each ended. */
import { useEffect, useState } from "preact/hooks";
import type { Words } from "../i18n/mod.ts";
import {
  type Approval,
  briefly,
  type Ending,
  type ExecDecision,
  isLong,
  MAX_CARDS,
  visibly,
} from "../state/approvals_model.ts";
import type { State } from "../state/model.ts";
import { FailureLine } from "./channel_parts.tsx";
import { sessionTitle, useNow, useUi } from "./context.ts";
import { Icon } from "./icons.tsx";

/** Cards move when one comes or goes; a press that was meant for another card must not count meanwhile. */
const SETTLE_MS = 350;

export function Approvals({ state }: { state: State }) {
  const { t } = useUi();
  const { open, endings } = state.approvals;
  const cards = open.slice(0, MAX_CARDS);
  const ids = cards.map(({ id }) => id).join(" ");
  const [settled, setSettled] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSettled(ids), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [ids]);
  return (
    <div class="approvals" data-moving={settled !== ids}>
      {open.length > 0 && (
        <section aria-label={t.approvals.title}>
          {open.length > cards.length && (
            <p class="muted small-text center">{t.approvals.more(open.length - cards.length)}</p>
          )}
          {cards.map((one) => <Card key={one.id} approval={one} state={state} />)}
        </section>
      )}
      <p class="sr" role="alert">{open.length > 0 ? t.approvals.badge(open.length) : ""}</p>
      <ul class="endings" role="status">
        {endings.map((one) => (
          <li key={one.id} class="small-text muted">
            <Icon name="terminal" />
            <span>
              {endWords(t, one)}: <code>{briefly(one.command)}</code>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

const endWords = (t: Words, { end, own, by }: Ending): string =>
  t.approvals.ended[end](own ? t.approvals.you : by ?? t.approvals.someone);

function Card({ approval, state }: { approval: Approval; state: State }) {
  const { t, chat } = useUi();
  const { command, agentId } = approval;
  const busy = state.approvals.busy.includes(approval.id);
  const failure = state.approvals.failures[approval.id];
  const titleId = `approval-${approval.id}`;
  const decide = (decision: ExecDecision) => () => void chat.approvals.decide(approval, decision);
  return (
    <article class="approval" aria-labelledby={titleId} aria-busy={busy}>
      <header>
        <Icon name="terminal" />
        <h3 id={titleId}>{agentId ? t.approvals.asks(agentId) : t.approvals.asksPlain}</h3>
        <Left until={approval.expiresAt} skewMs={state.channels.skewMs} />
      </header>
      <pre tabIndex={0} aria-label={t.approvals.command}>{visibly(command)}</pre>
      {isLong(command) && <p class="small-text long-hint">{t.approvals.long(command.length)}</p>}
      {failure && <FailureLine failure={failure} />}
      <div class="approval-foot">
        <Facts approval={approval} state={state} />
        <div class="row acts">
          <button type="button" class="button primary" disabled={busy} onClick={decide("allow-once")}>
            {t.approvals.once}
          </button>
          <button
            type="button"
            class="button"
            title={t.approvals.alwaysHint}
            disabled={busy}
            onClick={decide("allow-always")}
          >
            {t.approvals.always}
          </button>
          <button type="button" class="button danger" disabled={busy} onClick={decide("deny")}>
            {t.approvals.deny}
          </button>
        </div>
      </div>
    </article>
  );
}

/** Where it would run, in whose name, and which program it means. */
function Facts({ approval, state }: { approval: Approval; state: State }) {
  const { t } = useUi();
  const { nodeId, host, cwd, sessionKey, resolvedPath } = approval;
  const node = state.nodes.nodes.find((one) => one.nodeId === nodeId);
  const where = nodeId
    ? node?.name ?? nodeId.slice(0, 12)
    : host && host !== "gateway"
    ? host
    : t.approvals.gatewayHost;
  const row = state.sessions.find(({ key }) => key === sessionKey);
  const facts = [
    [t.approvals.in, cwd],
    [t.approvals.program, resolvedPath],
  ] as const;
  return (
    <dl>
      <div>
        <dd>{t.approvals.on(where)}</dd>
      </div>
      {sessionKey && (
        <div>
          <dt>{t.approvals.chat}</dt>
          <dd>{sessionTitle(t, sessionKey, state.hello?.mainKey, row)}</dd>
        </div>
      )}
      {facts.map(([name, value]) =>
        value && (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>
            </dd>
          </div>
        )
      )}
    </dl>
  );
}

function Left({ until, skewMs }: { until: number; skewMs: number }) {
  const { t } = useUi();
  const now = useNow(1_000) + skewMs;
  if (!until) return null;
  const seconds = Math.max(0, Math.ceil((until - now) / 1_000));
  return <span class="chip" aria-live="off" data-soon={seconds < 20}>{t.approvals.left(seconds)}</span>;
}
