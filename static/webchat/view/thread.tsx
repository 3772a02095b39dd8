/** The conversation: scrolls with the answer unless the person scrolled away, loads what is older on the way up. */
import { Fragment } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Thread } from "../state/model.ts";
import { buildTurns, type Turn } from "../state/turns.ts";
import { dayName } from "../i18n/mod.ts";
import { Announcer } from "./announcer.tsx";
import { useUi } from "./context.ts";
import { Icon } from "./icons.tsx";
import { TurnView } from "./turn.tsx";
import { Welcome } from "./welcome.tsx";

const NEAR = 80;

/** Keeps the turns that are equal, so that only what changed is drawn. */
function useTurns(thread: Thread): Turn[] {
  const before = useRef(new Map<string, { mark: string; turn: Turn }>());
  return useMemo(() => {
    const next = new Map<string, { mark: string; turn: Turn }>();
    for (const turn of buildTurns(thread)) {
      const mark = signature(turn);
      const known = before.current.get(turn.key);
      next.set(turn.key, known?.mark === mark ? known : { mark, turn });
    }
    before.current = next;
    return [...next.values()].map((one) => one.turn);
  }, [thread]);
}

/** What can change of a turn, cheaply: comparing whole texts for every word of an answer would cost more than drawing. */
function signature(turn: Turn): string {
  if (turn.kind === "system") return turn.text;
  if (turn.kind === "user") return `${turn.outgoing?.status}|${turn.outgoing?.error}|${turn.queued}|${turn.timestamp}`;
  const blocks = turn.blocks.map((b) =>
    b.type === "tool"
      ? `${b.key} ${b.state} ${b.ms} ${b.result?.length}`
      : `${b.key} ${b.live} ${b.text.length} ${b.text.slice(-24)}`
  );
  return [turn.state, turn.error, turn.timestamp, turn.model, ...blocks].join("|");
}

/** Follows the end unless the person scrolled away; keeps the place when older messages come in above. */
function useScroll(thread: Thread, empty: boolean) {
  const { chat } = useUi();
  const scroller = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  const height = useRef(0);
  const [away, setAway] = useState(false);
  const toEnd = useCallback((smooth: boolean) => {
    follow.current = true;
    setAway(false);
    const node = scroller.current;
    node?.scrollTo({ top: node.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  }, []);

  // Another thread, or a message of ours: its end is what one wants to see.
  useLayoutEffect(() => toEnd(false), [thread.key, thread.loaded, thread.outgoing.length]);
  useEffect(() => {
    const content = inner.current;
    if (!content) return;
    const observer = new ResizeObserver(() => follow.current && toEnd(false));
    observer.observe(content);
    return () => observer.disconnect();
  }, [empty]);
  useLayoutEffect(() => {
    const node = scroller.current;
    if (!node) return;
    if (!follow.current && height.current && node.scrollTop < NEAR) {
      node.scrollTop += node.scrollHeight - height.current;
    }
    height.current = node.scrollHeight;
  }, [thread.entries[0]?.id]);

  const onScroll = () => {
    const node = scroller.current;
    if (!node) return;
    const gap = node.scrollHeight - node.scrollTop - node.clientHeight;
    follow.current = gap < NEAR;
    setAway(gap > 3 * NEAR);
    height.current = node.scrollHeight;
    if (node.scrollTop < 4 * NEAR && thread.hasMore) void chat.older();
  };
  return { scroller, inner, away, toEnd, onScroll };
}

export function ThreadView({ thread }: { thread: Thread }) {
  const { t } = useUi();
  const turns = useTurns(thread);
  const { scroller, inner, away, toEnd, onScroll } = useScroll(thread, turns.length === 0);
  return (
    <div class="thread-box">
      <div
        class="thread"
        ref={scroller}
        onScroll={onScroll}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={t.conversation}
      >
        {turns.length === 0 && thread.loaded && !thread.problem ? <Welcome /> : (
          <div class="turns" ref={inner}>
            <Turns thread={thread} turns={turns} />
          </div>
        )}
      </div>
      {away && (
        <button type="button" class="latest" onClick={() => toEnd(true)}>
          <Icon name="down" /> {t.latest}
        </button>
      )}
      <Announcer turns={turns} />
    </div>
  );
}

function Turns({ thread, turns }: { thread: Thread; turns: readonly Turn[] }) {
  const { t } = useUi();
  const retry = useRetry(thread);
  const lastKey = turns.at(-1)?.key;
  return (
    <>
      {thread.loadingOlder && <p class="muted center">{t.older}</p>}
      {turns.map((turn, at) => (
        <Fragment key={turn.key}>
          <DayLine before={turns[at - 1]?.timestamp} at={turn.timestamp} />
          <TurnView turn={turn} onRetry={turn.key === lastKey ? retry : undefined} />
        </Fragment>
      ))}
      {thread.problem && <p class="problem center" role="alert">{t.historyProblem}: {thread.problem}</p>}
    </>
  );
}

/** A line where a new day begins; nothing above a conversation of today. */
function DayLine({ before, at }: { before: number | undefined; at: number }) {
  const { t } = useUi();
  if (!at || before === 0) return null;
  const day = new Date(at).toDateString();
  if (day === new Date(before ?? Date.now()).toDateString()) return null;
  return <p class="day">{dayName(t, at)}</p>;
}

/** Asks the last question once more, as a new run. */
function useRetry(thread: Thread): () => void {
  const { chat } = useUi();
  const latest = useRef(thread);
  latest.current = thread;
  return useCallback(() => {
    const last = buildTurns(latest.current).findLast((turn) => turn.kind === "user");
    if (last?.kind !== "user") return;
    const text = last.parts.map((part) => part.type === "text" ? part.text : "").join("\n").trim();
    chat.send(text, last.parts.filter((part) => part.type === "image"));
  }, [chat]);
}
