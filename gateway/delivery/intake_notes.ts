/** Reactions, edits, joins and the like: notes that the next prompt of a session begins with. They never start a run. */
import type { Inbound } from "../../schemas/worker/content.ts";
import { speaker } from "../session/group_history.ts";
import type { SessionStore } from "../session/types.ts";

/** Notes that may wait in a session; the oldest go first. */
const MAX_NOTES = 20;
const MAX_NOTE_CHARS = 300;

/** Adds a note. Joins the caller's transaction. Does not count as use of the session. */
export function addNote(sessions: SessionStore, sessionKey: string, text: string): void {
  const before = sessions.get(sessionKey)?.entry.systemEvents ?? [];
  const note = text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim().slice(0, MAX_NOTE_CHARS);
  sessions.update(sessionKey, { systemEvents: [...before, note].slice(-MAX_NOTES) }, false);
}

/** What the model reads of an event that is no message; `about`: the text that it concerns. */
export function noteText(event: Inbound, about: string | undefined): string {
  const who = speaker(event.sender);
  const quoted = about === undefined || about.trim() === "" ? "" : `: "${about.trim().slice(0, 120)}"`;
  switch (event.kind) {
    case "reaction":
      return `${who} ${event.added ? "reacted" : "took back the reaction"} ${event.emoji} ` +
        `${event.added ? "to" : "from"} ${event.onOwnMessage === true ? "your" : "a"} message${quoted}`;
    case "message":
      return `${who} changed an earlier message to: "${event.text}"`;
    case "note":
      return event.text;
    case "button":
      return `${who} pressed a button`;
  }
}
