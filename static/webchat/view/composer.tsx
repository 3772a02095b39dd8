/** Where one writes: text, images, send, stop. The draft survives a reload, per session. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { draftName, keep } from "../state/keep.ts";
import { activeRuns, type Thread } from "../state/model.ts";
import { plainText } from "../state/parse.ts";
import { attach, type Attached, megabytes, refuse } from "./attachments.ts";
import { useUi } from "./context.ts";
import { Icon } from "./icons.tsx";
import { IMAGE_TYPES, Picture } from "./picture.tsx";

/** Typing methods (Chinese, Japanese, Korean) use Enter to choose: such an Enter must never send. */
export const composing = (event: { readonly isComposing: boolean; readonly keyCode: number }): boolean =>
  event.isComposing || event.keyCode === 229;

function useDraft(key: string): readonly [string, (text: string) => void] {
  const [draft, setDraft] = useState({ key, text: keep.get(draftName(key)) ?? "" });
  const current = draft.key === key ? draft.text : keep.get(draftName(key)) ?? "";
  const set = (text: string) => {
    keep.set(draftName(key), text);
    setDraft({ key, text });
  };
  return [current, set];
}

function useImages(say: (text: string) => void, maxBytes: number) {
  const { t } = useUi();
  const [images, setImages] = useState<readonly Attached[]>([]);
  const add = async (files: readonly File[]) => {
    let have = images;
    for (const file of files) {
      const problem = refuse(t, file, have, maxBytes);
      if (problem) say(problem);
      else have = [...have, await attach(file)];
    }
    setImages(have);
  };
  const remove = (id: string) => setImages(images.filter((image) => image.id !== id));
  return { images, add, remove, clear: () => setImages([]) };
}

/** The text area grows with its text, and has the focus when a chat opens, unless that would raise a phone's keyboard. */
function useArea(text: string, sessionKey: string) {
  const area = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const node = area.current;
    if (!node) return;
    node.style.height = "auto";
    node.style.height = `${Math.min(node.scrollHeight, 260)}px`;
  }, [text]);
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) area.current?.focus();
  }, [sessionKey]);
  return area;
}

/** Handlers that take dropped and pasted files. */
function useDrop(add: (files: readonly File[]) => void) {
  const [over, setOver] = useState(false);
  return {
    over,
    drag: (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    },
    leave: () => setOver(false),
    drop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      add([...event.dataTransfer?.files ?? []]);
    },
    paste: (event: ClipboardEvent) => {
      const files = [...event.clipboardData?.files ?? []];
      if (!files.length) return;
      event.preventDefault();
      add(files);
    },
  };
}

export function Composer({ thread, maxImageBytes }: { thread: Thread; maxImageBytes: number }) {
  const { t, chat } = useUi();
  const [text, setText] = useDraft(thread.key);
  const { images, add, remove, clear } = useImages((problem) => chat.say("error", problem), maxImageBytes);
  const { over, drag, leave, drop, paste } = useDrop((files) => void add(files));
  const area = useArea(text, thread.key);
  const ready = text.trim() !== "" || images.length > 0;
  const send = () => {
    if (!ready) return;
    chat.send(text.trim(), images.map(({ type, mimeType, data }) => ({ type, mimeType, data })));
    setText("");
    clear();
  };
  const key = (event: KeyboardEvent) => {
    if (composing(event)) return;
    const edit = event.key === "ArrowUp" && text === "" ? lastQuestion(thread) : undefined;
    if (event.key === "Enter" && !event.shiftKey) send();
    else if (edit) setText(edit);
    else return;
    event.preventDefault();
  };
  return (
    <div class={over ? "composer over" : "composer"} onDragOver={drag} onDragLeave={leave} onDrop={drop}>
      {over && <p class="drop-hint">{t.drop}</p>}
      {images.length > 0 && <Previews images={images} remove={remove} />}
      <textarea
        ref={area}
        id="message"
        rows={1}
        value={text}
        placeholder={t.placeholder}
        aria-label={t.message}
        aria-describedby="composer-hint"
        enterkeyhint="send"
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={key}
        onPaste={paste}
      />
      <div class="composer-row">
        <Picker maxImageBytes={maxImageBytes} onPick={(files) => void add(files)} />
        <span class="hint" id="composer-hint">{t.hint}</span>
        {activeRuns(thread).length > 0 && (
          <button type="button" class="stop" onClick={() => void chat.abort()}>
            <i /> {t.stop}
          </button>
        )}
        <button type="button" class="send" aria-label={t.send} title={t.send} disabled={!ready} onClick={send}>
          <Icon name="send" />
        </button>
      </div>
    </div>
  );
}

function Picker({ maxImageBytes, onPick }: { maxImageBytes: number; onPick(files: readonly File[]): void }) {
  const { t } = useUi();
  const input = useRef<HTMLInputElement>(null);
  const limit = t.attachLimit(megabytes(maxImageBytes));
  const pick = () => {
    const node = input.current;
    if (!node) return;
    onPick([...node.files ?? []]);
    // The same file can then be picked a second time.
    node.value = "";
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        class="sr"
        tabIndex={-1}
        aria-hidden="true"
        accept={IMAGE_TYPES.join(",")}
        multiple
        onChange={pick}
      />
      <button
        type="button"
        class="ghost"
        aria-label={`${t.attach}. ${limit}`}
        title={`${t.attach} — ${limit}`}
        onClick={() => input.current?.click()}
      >
        <Icon name="image" />
      </button>
    </>
  );
}

function lastQuestion(thread: Thread): string | undefined {
  const out = thread.outgoing.at(-1);
  if (out) return out.text;
  const entry = thread.entries.findLast((one) => one.role === "user");
  return entry && plainText(entry.parts);
}

function Previews({ images, remove }: { images: readonly Attached[]; remove(id: string): void }) {
  const { t } = useUi();
  return (
    <ul class="previews">
      {images.map((image) => (
        <li key={image.id}>
          <Picture image={image} still />
          <button
            type="button"
            aria-label={t.removeImage(image.name)}
            title={t.removeImage(image.name)}
            onClick={() => remove(image.id)}
          >
            <Icon name="close" />
          </button>
          <span class="muted">{megabytes(image.bytes)} MB</span>
        </li>
      ))}
    </ul>
  );
}
