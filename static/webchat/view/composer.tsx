/** Where one writes: text, images, send, stop. The draft survives a reload, per session. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { draftName, keep } from "../state/keep.ts";
import { activeRuns, type Thread } from "../state/model.ts";
import { plainText } from "../state/parse.ts";
import { attach, type Attached, megabytes, refuse } from "./attachments.ts";
import { useUi } from "./context.ts";
import { Icon } from "./icons.tsx";
import { Picture } from "./picture.tsx";

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

export function Composer({ thread, maxImageBytes }: { thread: Thread; maxImageBytes: number }) {
  const { t, chat } = useUi();
  const [text, setText] = useDraft(thread.key);
  const { images, add, remove, clear } = useImages((problem) => chat.say("error", problem), maxImageBytes);
  const [over, setOver] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const running = activeRuns(thread).length > 0;
  const ready = text.trim() !== "" || images.length > 0;

  useLayoutEffect(() => {
    const node = area.current;
    if (!node) return;
    node.style.height = "auto";
    node.style.height = `${Math.min(node.scrollHeight, 260)}px`;
  }, [text]);
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) area.current?.focus();
  }, [thread.key]);

  const send = () => {
    if (!ready) return;
    chat.send(text.trim(), images.map(({ type, mimeType, data }) => ({ type, mimeType, data })));
    setText("");
    clear();
  };
  const key = (event: KeyboardEvent) => {
    if (composing(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && text === "") {
      const last = lastQuestion(thread);
      if (!last) return;
      event.preventDefault();
      setText(last);
    }
  };
  const paste = (event: ClipboardEvent) => {
    const files = [...event.clipboardData?.files ?? []];
    if (!files.length) return;
    event.preventDefault();
    void add(files);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void add([...event.dataTransfer?.files ?? []]);
  };
  const pick = () => {
    const input = picker.current;
    if (!input) return;
    void add([...input.files ?? []]);
    input.value = "";
  };

  return (
    <div
      class={over ? "composer over" : "composer"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
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
        <input
          ref={picker}
          type="file"
          class="sr"
          tabIndex={-1}
          aria-hidden="true"
          accept="image/png,image/jpeg,image/gif,image/webp"
          multiple
          onChange={pick}
        />
        <button
          type="button"
          class="ghost"
          aria-label={`${t.attach}. ${t.attachLimit(megabytes(maxImageBytes))}`}
          title={`${t.attach} — ${t.attachLimit(megabytes(maxImageBytes))}`}
          onClick={() => picker.current?.click()}
        >
          <Icon name="image" />
        </button>
        <span class="hint" id="composer-hint">{t.hint}</span>
        {running && (
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
          <Picture image={image} />
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
