/**
 * The tools `sessions_list` and `sessions_history`: an agent sees its own sessions and no other agent's. A run that a
 * stranger started sees the session it runs in and no other: it could tell them what the owner said elsewhere.
 */
import { Closed, NonEmpty, Type } from "../../schemas/primitives.ts";
import type { Message } from "../../schemas/message.ts";
import type { Session, SessionStore, Transcript } from "../session/types.ts";
import { defineTool, type ToolContext } from "./tool_define.ts";
import type { Tool } from "./types.ts";

const MAX_SESSIONS = 50;
const MAX_MESSAGES = 50;
/** UTF-16 units of one message that are shown. */
const MAX_TEXT = 1000;

export const sessionsListTool = (sessions: SessionStore, transcript: Transcript): Tool =>
  defineTool({
    name: "sessions_list",
    readOnly: true,
    description: "The conversations of this agent, newest first, with their keys.",
    args: Closed({
      search: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_SESSIONS, description: "Default 20" })),
    }),
    run({ search, limit = 20 }, { agentId, trusted }) {
      if (!trusted) throw new Error("Cannot list the sessions: only the owner may see them");
      const found = sessions.list({ agentId, limit, ...(search === undefined ? {} : { search }) });
      return JSON.stringify({
        total: found.total,
        sessions: found.sessions.map((session) => ({
          key: session.key,
          ...(session.entry.label === undefined ? {} : { label: session.entry.label }),
          kind: session.kind,
          updatedAt: new Date(session.updatedAt).toISOString(),
          messages: transcript.count(session.sessionId),
        })),
      });
    },
  });

export const sessionsHistoryTool = (sessions: SessionStore, transcript: Transcript): Tool =>
  defineTool({
    name: "sessions_history",
    readOnly: true,
    description: "The last messages of one of this agent's conversations. Without a key, of this conversation.",
    args: Closed({
      sessionKey: Type.Optional(NonEmpty),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_MESSAGES, description: "Default 20" })),
    }),
    run({ sessionKey, limit = 20 }, context) {
      const session = ownSession(sessions, sessionKey ?? context.sessionKey, context);
      const page = transcript.page(session.sessionId, { limit });
      return JSON.stringify({
        sessionKey: session.key,
        messages: page.map(({ message }) => ({
          role: message.role,
          at: new Date(message.timestamp).toISOString(),
          text: clip(textOf(message)),
        })),
      });
    },
  });

/** A foreign session is refused in the words of a missing one, so that its existence stays its own. */
function ownSession(
  sessions: SessionStore,
  key: string,
  { agentId, sessionKey, trusted }: Pick<ToolContext, "agentId" | "sessionKey" | "trusted">,
): Session {
  const session = sessions.get(sessions.canonical(key, agentId));
  const allowed = session?.agentId === agentId && (trusted || session.key === sessions.canonical(sessionKey, agentId));
  if (!allowed) throw new Error(`Cannot read the session "${key}": this agent has no such session`);
  return session;
}

function textOf(message: Message): string {
  return message.content.map((part) => {
    switch (part.type) {
      case "text":
        return part.text;
      case "toolCall":
        return `[calls ${part.name}]`;
      case "image":
        return "[image]";
      case "thinking":
        return "";
    }
  }).filter((text) => text !== "").join("\n");
}

const clip = (text: string): string => text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
