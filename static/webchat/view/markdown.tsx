/** A Markdown text that may still grow: only what is new is parsed, so that text can be selected meanwhile. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { markdownWriter } from "../../markdown/render.ts";
import { useUi } from "./context.ts";

interface Written {
  readonly writer: ReturnType<typeof markdownWriter>;
  readonly ended: boolean;
  readonly text: string;
}

/** Copies to the clipboard and says so on the button itself. */
export async function copyText(text: string, button: HTMLElement, label: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return;
  }
  button.textContent = done;
  setTimeout(() => button.textContent = label, 1600);
}

export function Markdown({ text, live }: { text: string; live: boolean }) {
  const { t } = useUi();
  const root = useRef<HTMLDivElement>(null);
  const written = useRef<Written | undefined>(undefined);
  useLayoutEffect(() => {
    const node = root.current;
    if (!node) return;
    const before = written.current;
    const grows = before !== undefined && !before.ended && text.startsWith(before.text);
    if (before?.ended && before.text === text) return;
    if (!grows) node.replaceChildren();
    const writer = grows ? before.writer : markdownWriter(node, t);
    writer.write(grows ? text.slice(before.text.length) : text);
    if (!live) writer.end();
    written.current = { writer, ended: !live, text };
  }, [text, live]);
  const click = (event: MouseEvent) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>(".copy-code") : null;
    const code = button?.parentElement?.querySelector("code")?.textContent;
    if (button && code) void copyText(code, button, t.copy, t.copied);
  };
  return <div class="md" ref={root} onClick={click} />;
}
