/** Lists of sessions: the one in the sidebar and the quick switcher on Ctrl+K. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ago, exactTime, type Words } from "../i18n/mod.ts";
import { emptyThread, isActive, type SessionRow, type State } from "../state/model.ts";
import { composing } from "./composer.tsx";
import { channelOf, sessionTitle, useNow, useUi } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icons.tsx";

const blank = (key: string): SessionRow => ({
  key,
  label: undefined,
  title: undefined,
  preview: undefined,
  channel: undefined,
  updatedAt: 0,
  model: undefined,
  running: false,
});

/** All sessions, the main one always among them, also the new one that has no message yet. */
export function allSessions(state: State): SessionRow[] {
  const rows = [...state.sessions];
  const has = (key: string) => rows.some((row) => row.key === key);
  if (state.current && !has(state.current)) rows.unshift(blank(state.current));
  const main = state.hello?.mainKey;
  if (main && !has(main)) rows.push(blank(main));
  return rows;
}

/** What matches in the list at once; what the gateway finds beyond it joins a moment later. */
function matching(t: Words, state: State, query: string): SessionRow[] {
  const words = query.trim().toLowerCase();
  const rows = allSessions(state);
  if (!words) return rows;
  const main = state.hello?.mainKey;
  const here = rows.filter((row) =>
    [sessionTitle(t, row.key, main, row), row.preview, row.key].some((text) => text?.toLowerCase().includes(words))
  );
  const found = state.found.query === query.trim() ? state.found.rows : [];
  return [...here, ...found.filter((row) => !here.some((one) => one.key === row.key))];
}

type Day = "today" | "yesterday" | "earlier";
function dayOf(row: SessionRow, now: number): Day {
  if (!row.updatedAt) return "today";
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  return row.updatedAt >= midnight ? "today" : row.updatedAt >= midnight - 86_400_000 ? "yesterday" : "earlier";
}

export function SessionList({ state, query, onOpen }: { state: State; query: string; onOpen(key: string): void }) {
  const { t } = useUi();
  const now = useNow(30_000);
  const rows = matching(t, state, query);
  const days = (["today", "yesterday", "earlier"] as const).map((day) => ({
    day,
    rows: rows.filter((row) => dayOf(row, now) === day),
  }));
  return (
    <nav class="sessions" aria-label={t.chats}>
      {rows.length === 0 && <p class="muted center">{t.noChats}</p>}
      {days.map(({ day, rows }) =>
        rows.length > 0 && (
          <section key={day}>
            <h2>{t[day]}</h2>
            <ul>
              {rows.map((row) => <SessionItem key={row.key} row={row} state={state} now={now} onOpen={onOpen} />)}
            </ul>
          </section>
        )
      )}
    </nav>
  );
}

function SessionItem(
  { row, state, now, onOpen }: { row: SessionRow; state: State; now: number; onOpen(key: string): void },
) {
  const { t } = useUi();
  const current = row.key === state.current;
  const thread = state.threads[row.key] ?? emptyThread(row.key);
  // Of the open chat we know more than the list, which is always a moment behind.
  const running = current && thread.loaded ? thread.runs.some(isActive) : row.running;
  const channel = channelOf(state, row);
  const asking = state.approvals.open.filter(({ sessionKey }) => sessionKey === row.key).length;
  return (
    <li>
      <button type="button" class="session" aria-current={current ? "page" : undefined} onClick={() => onOpen(row.key)}>
        <span class="session-title">{sessionTitle(t, row.key, state.hello?.mainKey, row)}</span>
        <span class="session-side">
          {asking > 0 && (
            <b class="badge">
              <span aria-hidden="true">{asking}</span>
              <span class="sr">{t.approvals.badge(asking)}</span>
            </b>
          )}
          {running && (
            <span class="pulse">
              <span class="sr">{t.working}</span>
            </span>
          )}
          {row.updatedAt > 0 && <time title={exactTime(t, row.updatedAt)}>{ago(t, row.updatedAt, now)}</time>}
        </span>
        <span class="session-preview">
          {channel && <span class="chip">{t.via(channel)}</span>} {row.preview}
        </span>
      </button>
    </li>
  );
}

/** Ctrl+K: type, move with the arrows, open with Enter. */
export function Switcher({ state, onClose }: { state: State; onClose(): void }) {
  const { t, chat } = useUi();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const rows = matching(t, state, query).slice(0, 40);
  const chosen = rows[Math.min(at, rows.length - 1)];
  useEffect(() => list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }), [at]);
  const type = (text: string) => {
    setQuery(text);
    setAt(0);
    chat.search(text);
  };
  const open = (key: string | undefined) => {
    onClose();
    if (key !== undefined) chat.select(key);
  };
  const key = (event: KeyboardEvent) => {
    if (composing(event)) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) {
      event.preventDefault();
      setAt((Math.min(at, rows.length - 1) + step + rows.length) % Math.max(1, rows.length));
    }
    if (event.key === "Enter") {
      event.preventDefault();
      open(chosen?.key);
    }
  };
  return (
    <Dialog label={t.switcher} name="switcher" onClose={onClose}>
      <label class="search">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls="switcher-list"
          aria-activedescendant={chosen ? `switch-${chosen.key}` : undefined}
          aria-label={t.search}
          placeholder={t.search}
          autofocus
          value={query}
          onInput={(event) => type(event.currentTarget.value)}
          onKeyDown={key}
        />
      </label>
      <ul id="switcher-list" role="listbox" aria-label={t.chats} ref={list}>
        {rows.map((row) => (
          <li
            key={row.key}
            id={`switch-${row.key}`}
            role="option"
            aria-selected={row === chosen}
            onClick={() => open(row.key)}
          >
            <span class="session-title">{sessionTitle(t, row.key, state.hello?.mainKey, row)}</span>
            <span class="muted preview">{row.preview}</span>
          </li>
        ))}
      </ul>
      {rows.length === 0 && <p class="muted center">{t.noChats}</p>}
      <p class="muted small-text switcher-hint">{t.switcherHint}</p>
    </Dialog>
  );
}
