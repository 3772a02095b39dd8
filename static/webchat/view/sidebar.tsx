/** The left column: new chat, search, the sessions, and at its foot the connection and the settings. On phones a drawer. */
import { useState } from "preact/hooks";
import { needsPerson } from "../state/channels_model.ts";
import type { State } from "../state/model.ts";
import { ConnectionDot } from "./connection.tsx";
import { useUi } from "./context.ts";
import { Icon, Mark } from "./icons.tsx";
import { Preferences } from "./preferences.tsx";
import { SessionList } from "./sessions.tsx";

interface SidebarProps {
  readonly state: State;
  /** Out of sight: then it must be out of reach for keyboard and screen reader, too. */
  readonly hidden: boolean;
  onDone(): void;
  onDevices(): void;
  onChannels(): void;
  onNodes(): void;
}

export function Sidebar({ state, hidden, onDone, onDevices, onChannels, onNodes }: SidebarProps) {
  const { t, chat } = useUi();
  const [query, setQuery] = useState("");
  const search = (text: string) => {
    setQuery(text);
    chat.search(text);
  };
  const open = (key: string) => {
    chat.select(key);
    onDone();
  };
  const waiting = state.pending.length;
  return (
    <aside class="sidebar" inert={hidden} data-hidden={hidden}>
      <header class="brand">
        <Mark /> <strong>OpenClaw</strong>
        <button type="button" class="ghost only-phone" aria-label={t.closeMenu} onClick={onDone}>
          <Icon name="close" />
        </button>
      </header>
      <button
        type="button"
        class="button new-chat"
        onClick={() => {
          chat.newSession();
          onDone();
        }}
      >
        <Icon name="plus" /> {t.newChat}
      </button>
      <label class="search">
        <Icon name="search" />
        <span class="sr">{t.search}</span>
        <input
          type="search"
          placeholder={t.search}
          value={query}
          onInput={(event) => search(event.currentTarget.value)}
        />
        <kbd aria-hidden="true">Ctrl K</kbd>
      </label>
      <SessionList state={state} query={query} onOpen={open} />
      <footer class="foot">
        <ChannelsButton state={state} onOpen={onChannels} />
        <NodesButton state={state} onOpen={onNodes} />
        <button
          type="button"
          class={waiting ? "foot-button devices-button attention" : "foot-button devices-button"}
          onClick={onDevices}
        >
          <Icon name="devices" />
          <span>{waiting ? t.devicesWaiting(waiting) : t.devices}</span>
          {waiting > 0 && <b class="badge" aria-hidden="true">{waiting}</b>}
        </button>
        <div class="row between">
          <ConnectionDot connection={state.connection} />
          <Preferences />
        </div>
      </footer>
    </aside>
  );
}

/** Counts what waits for the owner: people first, then messages, then accounts. */
function ChannelsButton({ state, onOpen }: { state: State; onOpen(): void }) {
  const { t } = useUi();
  const { requests, held, accounts } = state.channels;
  const waiting = requests.length + held.length;
  const attention = waiting > 0 || accounts.some(needsPerson);
  const words = requests.length
    ? t.channels.asking(requests.length)
    : held.length
    ? t.channels.heldCount(held.length)
    : attention
    ? t.channels.attention
    : t.channels.title;
  return (
    <button
      type="button"
      class={attention ? "foot-button channels-button attention" : "foot-button channels-button"}
      onClick={onOpen}
    >
      <Icon name="channels" />
      <span>{words}</span>
      {waiting > 0 && <b class="badge" aria-hidden="true">{waiting}</b>}
    </button>
  );
}

function NodesButton({ state, onOpen }: { state: State; onOpen(): void }) {
  const { t } = useUi();
  const waiting = state.nodes.requests.length;
  return (
    <button
      type="button"
      class={waiting ? "foot-button nodes-button attention" : "foot-button nodes-button"}
      onClick={onOpen}
    >
      <Icon name="nodes" />
      <span>{waiting ? t.nodes.asking(waiting) : t.nodes.title}</span>
      {waiting > 0 && <b class="badge" aria-hidden="true">{waiting}</b>}
    </button>
  );
}
