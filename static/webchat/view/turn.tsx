/** One question or one answer. */
import { useMemo, useRef } from "preact/hooks";
import { clockTime, duration, exactTime } from "../i18n/mod.ts";
import { readActionMessage } from "../state/action_text.ts";
import type { Part } from "../state/model.ts";
import type { AgentTurn, Block, SystemTurn, ToolView, Turn, UserTurn } from "../state/turns.ts";
import { useUi } from "./context.ts";
import { Icon, Mark } from "./icons.tsx";
import { copyText, Markdown } from "./markdown.tsx";
import { Picture } from "./picture.tsx";

export function TurnView({ turn, onRetry }: { turn: Turn; onRetry: (() => void) | undefined }) {
  // A turn that did not change is not drawn again: a long thread costs no more than its last answer.
  return useMemo(() => {
    if (turn.kind === "user") return <UserView turn={turn} />;
    if (turn.kind === "system") return <SystemView turn={turn} />;
    return <AgentView turn={turn} onRetry={onRetry} />;
  }, [turn, onRetry]);
}

const textOf = (parts: readonly Part[]): string => parts.map((p) => p.type === "text" ? p.text : "").join("\n").trim();

function UserView({ turn }: { turn: UserTurn }) {
  const { t, chat } = useUi();
  const out = turn.outgoing;
  const text = textOf(turn.parts);
  const state = out?.status === "failed"
    ? undefined
    : turn.queued
    ? t.queued
    : out?.status === "sending"
    ? t.sending
    : undefined;
  return (
    <article class="turn user" data-state={out?.status ?? "stored"}>
      <h2 class="sr">{t.you}</h2>
      <div class="pictures">{turn.parts.map((p, i) => p.type === "image" && <Picture key={i} image={p} />)}</div>
      {text && <Bubble text={text} />}
      <footer>
        {state && (
          <span class="mark-state">
            <Icon name="clock" /> {state}
          </span>
        )}
        {out?.status === "failed" && (
          <span class="problem" role="alert">
            <Icon name="alert" /> {t.notSent}: {out.error}
            <button type="button" class="link" onClick={() => chat.again(out)}>{t.tryAgain}</button>
            <button type="button" class="link" onClick={() => chat.discard(out.runId)}>{t.discard}</button>
          </span>
        )}
        <Time at={turn.timestamp} />
      </footer>
    </article>
  );
}

/** What a person did on the canvas is told as that; the agent's own form of it would only puzzle them. */
function Bubble({ text }: { text: string }) {
  const { t } = useUi();
  const action = useMemo(() => readActionMessage(text), [text]);
  if (!action) return <div class="bubble">{text}</div>;
  return (
    <div class="bubble action-bubble">
      <p>
        <Icon name="canvas" /> {t.canvas.acted} <b>{action.name}</b>
      </p>
      {action.values.length > 0 && (
        <dl>
          {action.values.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

const SystemView = ({ turn }: { turn: SystemTurn }) => <p class="turn system">{turn.text}</p>;

const Time = ({ at }: { at: number }) => {
  const { t } = useUi();
  if (!at) return null;
  return <time class="time" dateTime={new Date(at).toISOString()} title={exactTime(t, at)}>{clockTime(t, at)}</time>;
};

function AgentView({ turn, onRetry }: { turn: AgentTurn; onRetry: (() => void) | undefined }) {
  const { t } = useUi();
  const said = turn.blocks.map((block) => block.type === "text" ? block.text : "").filter((text) => text).join("\n\n");
  const busy = turn.state === "waiting" || turn.state === "streaming";
  return (
    <article class="turn agent" data-state={turn.state} aria-busy={busy}>
      <h2 class="sr">{t.agent}</h2>
      <span class="avatar">
        <Mark />
      </span>
      <div class="said">
        {turn.blocks.map((block) => <BlockView key={block.key} block={block} />)}
        {turn.state === "waiting" && (
          <p class="waiting">
            <i />
            <i />
            <i />
            <span class="sr">{t.working}</span>
          </p>
        )}
        {turn.state === "error" && <Failure text={turn.error || t.unknownError} onRetry={onRetry} />}
        {!busy && (
          <footer>
            {turn.state === "stopped" && <span class="mark-state">{t.stopped}</span>}
            {said && <CopyButton text={said} />}
            <Time at={turn.timestamp} />
            {turn.model && <span class="time model-name">{turn.model}</span>}
          </footer>
        )}
      </div>
    </article>
  );
}

function CopyButton({ text }: { text: string }) {
  const { t } = useUi();
  const label = useRef<HTMLSpanElement>(null);
  const copy = () => label.current && void copyText(text, label.current, t.copy, t.copied);
  return (
    <button type="button" class="tiny" aria-label={t.copyMessage} onClick={copy}>
      <Icon name="copy" />
      <span ref={label} aria-live="polite">{t.copy}</span>
    </button>
  );
}

function Failure({ text, onRetry }: { text: string; onRetry: (() => void) | undefined }) {
  const { t } = useUi();
  return (
    <div class="failure">
      <Icon name="alert" />
      <div>
        <strong>{t.failed}</strong>
        <p>{text}</p>
        {onRetry && (
          <button type="button" class="button" onClick={onRetry}>
            <Icon name="retry" /> {t.tryAgain}
          </button>
        )}
      </div>
    </div>
  );
}

function BlockView({ block }: { block: Block }) {
  const { t } = useUi();
  if (block.type === "text") return <Markdown text={block.text} live={block.live} />;
  if (block.type === "tool") return <ToolLine tool={block} />;
  return (
    <details class="fold">
      <summary>
        <Icon name="bulb" /> {block.live ? t.thinking : t.thought}
      </summary>
      <div class="fold-body thought">{block.text}</div>
    </details>
  );
}

const pretty = (value: unknown): string => typeof value === "string" ? value : JSON.stringify(value, null, 2) ?? "";
const isEmpty = (value: unknown): boolean => pretty(value).replace(/[\s{}[\]]/g, "") === "";

function ToolLine({ tool }: { tool: ToolView }) {
  const { t } = useUi();
  return (
    <div class="tool-box">
      <ToolFold tool={tool} />
      {tool.images.length > 0 && (
        <div class="pictures tool-pictures">
          {tool.images.map((image, at) => <Picture key={at} image={image} alt={t.toolImage(tool.name)} />)}
        </div>
      )}
    </div>
  );
}

function ToolFold({ tool }: { tool: ToolView }) {
  const { t } = useUi();
  return (
    <details class="fold tool" data-state={tool.state}>
      <summary>
        <span class="dot" />
        <code>{tool.name}</code>
        <span class="tool-state">
          {t.tool[tool.state]}
          {tool.ms !== undefined && ` · ${duration(tool.ms)}`}
        </span>
      </summary>
      <div class="fold-body">
        {!isEmpty(tool.args) && <Detail label={t.toolInput} text={pretty(tool.args)} />}
        <Detail label={t.toolOutput} text={tool.result ?? t.noOutput} />
      </div>
    </details>
  );
}

const Detail = ({ label, text }: { label: string; text: string }) => (
  <>
    <h3>{label}</h3>
    <pre tabIndex={0}>{text}</pre>
  </>
);
