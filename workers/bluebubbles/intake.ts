/** Messages on their way to main, from webhooks and from the look back after a pause: read, completed, handed over. */
import type { Inbound } from "../../schemas/worker/content.ts";
import { checker } from "../../schemas/validate.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import { chatGuidOf, readMessage, targetGuid } from "./inbound.ts";
import type { Memory } from "./memory.ts";
import type { Rest } from "./rest.ts";
import type { Settings } from "./settings.ts";
import { Message } from "./wire.ts";

const checkMessage = checker(Message);
/** Shorter than the platform waits for the answer to its webhook. */
const LOOK_MS = 4_000;

export interface Intake {
  /** Resolves when it is in main's inbox or is nothing for it. Rejects when main did not take it. */
  take(raw: unknown): Promise<void>;
}

export interface IntakeDeps {
  readonly context: Pick<ProviderContext, "inbound" | "log" | "mark" | "signal">;
  readonly settings: Settings;
  readonly memory: Memory;
  readonly rest: Rest;
  /** A message of this time is safe. */
  readonly onSafe: (at: number) => void;
}

export function createIntake({ context, settings, memory, rest, onSafe }: IntakeDeps): Intake {
  const { log } = context;

  /** What the server itself says about a message; undefined when it says nothing usable. */
  async function look(guid: string): Promise<Message | undefined> {
    try {
      const path = `/message/${encodeURIComponent(guid)}?with=chats,attachment`;
      const checked = checkMessage(await rest.call("GET", path, context.signal, { deadlineMs: LOOK_MS }));
      return checked.ok ? checked.value : undefined;
    } catch {
      return undefined;
    }
  }

  /** Servers leave the chat out of some webhooks; without it two chats would become one. */
  async function complete(message: Message): Promise<Message> {
    if (chatGuidOf(message) !== undefined || message.isFromMe === true) return message;
    const found = await look(message.guid);
    const guid = found && chatGuidOf(found);
    return guid === undefined ? message : { ...message, chatGuid: guid, chats: found?.chats ?? message.chats ?? null };
  }

  async function ownership(message: Message): Promise<boolean | undefined> {
    const about = message.associatedMessageGuid;
    if (!about) return undefined;
    const guid = targetGuid(about);
    return memory.isOwn(guid) ?? (await look(guid))?.isFromMe ?? undefined;
  }

  function ownMessage(message: Message): void {
    const chatId = chatGuidOf(message);
    if (!memory.isOwn(message.guid) || chatId === undefined) return;
    const tell = (mark: "delivered" | "read" | "failed", at: number | null | undefined): void => {
      if (at) context.mark({ chatId, messageId: message.guid, mark, at: Math.max(0, Math.round(at)) });
    };
    tell("delivered", message.dateDelivered);
    tell("read", message.dateRead);
    if (message.error) tell("failed", Date.now());
  }

  return {
    async take(raw) {
      const checked = checkMessage(raw);
      if (!checked.ok) return log("warn", "bluebubbles.message_unreadable", { reason: checked.error });
      const message = await complete(checked.value);
      if (message.isFromMe === true) ownMessage(message);
      const own = await ownership(message);
      const rules = { now: Date.now(), maxAgeMs: settings.maxAgeMs, isOwn: () => own };
      const reading = readMessage(message, rules);
      if ("dropped" in reading) {
        return log("info", "bluebubbles.message_dropped", { reason: reading.dropped, guid: message.guid });
      }
      const event = withoutRepeats(reading.event, memory);
      if (event === undefined) return;
      const media = event.kind === "message" ? event.media : [];
      for (const each of media) memory.media(each);
      const had = event.kind === "message" ? memory.hasTaken(event.messageId) : undefined;
      // Before the wait: the same message may come in another form meanwhile.
      if (event.kind === "message") memory.taken(event.messageId, media.length > 0 ? "media" : "text");
      try {
        await context.inbound(event);
      } catch (error) {
        if (event.kind === "message") memory.taken(event.messageId, had);
        throw error;
      }
      onSafe(event.timestamp);
    },
  };
}

/** Attachments that come after their text come without it; a message that main has whole does not come again. */
function withoutRepeats(event: Inbound, memory: Memory): Inbound | undefined {
  if (event.kind !== "message" || event.edited === true) return event;
  const had = memory.hasTaken(event.messageId);
  if (had === undefined) return event;
  return had === "text" && event.media.length > 0 ? { ...event, text: "" } : undefined;
}
