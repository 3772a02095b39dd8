/** Reads answers to screen readers sentence by sentence. The visible thread is silent: it changes with every word. */
import { useEffect, useRef, useState } from "preact/hooks";
import { sentenceEnd, spoken } from "../../markdown/sentences.ts";
import type { AgentTurn, Turn } from "../state/turns.ts";
import { useUi } from "./context.ts";

const saidBy = (turn: AgentTurn): string =>
  turn.blocks.map((block) => block.type === "text" ? block.text : "").filter((text) => text).join("\n");

interface Progress {
  readonly key: string;
  readonly at: number;
  readonly live: boolean;
}

export function Announcer({ turns }: { turns: readonly Turn[] }) {
  const { t } = useUi();
  const [lines, setLines] = useState<readonly { readonly id: number; readonly text: string }[]>([]);
  const progress = useRef<Progress | undefined>(undefined);
  const counter = useRef(0);
  const last = turns.findLast((turn): turn is AgentTurn => turn.kind === "agent");
  useEffect(() => {
    if (!last) return;
    const text = saidBy(last);
    const live = last.state === "waiting" || last.state === "streaming";
    const before = progress.current?.key === last.key ? progress.current : undefined;
    // An answer that was complete when we first saw it belongs to the past; nobody waits to hear it.
    if (!before && !live) return void (progress.current = { key: last.key, at: text.length, live });
    const from = before?.at ?? 0;
    const at = live ? sentenceEnd(text, from) : text.length;
    const news = [spoken(text.slice(from, at))];
    if (before?.live && !live) {
      news.push(
        last.state === "error" ? `${t.failed}: ${last.error ?? ""}` : last.state === "stopped" ? t.stopped : "",
      );
    }
    progress.current = { key: last.key, at, live };
    const fresh = news.filter((line) => line).map((line) => ({ id: counter.current++, text: line }));
    if (fresh.length) setLines((old) => [...old, ...fresh].slice(-6));
  }, [last]);
  return (
    <div class="sr" role="log" aria-live="polite" aria-label={t.agent}>
      {lines.map((line) => <p key={line.id}>{line.text}</p>)}
    </div>
  );
}
