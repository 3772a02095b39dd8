/** Events on their way to main: read, mapped, committed one by one. Whatever is dropped is logged with its reason. */
import { checker } from "../../schemas/validate.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import { messageIdOf, personOf, samePerson, type Self } from "./identity.ts";
import { type Mark, readEnvelope } from "./inbound.ts";
import type { Memory } from "./memory.ts";
import type { Saved } from "./saved.ts";
import type { Settings } from "./settings.ts";
import type { SseItem } from "./sse.ts";
import { type Envelope, parseJson, ReceiveEvent } from "./wire.ts";

const checkEvent = checker(ReceiveEvent, { first: true });

export interface Intake {
  /** Must be called before the first event: who we are. */
  begin(self: Self): void;
  /** Resolves when the event is in main's inbox or of no use. Rejects when the account stops. */
  take(item: SseItem): Promise<void>;
}

export interface IntakeDeps {
  readonly context: Pick<ProviderContext, "inbound" | "mark" | "log" | "signal">;
  readonly settings: Settings;
  readonly saved: Saved;
  readonly memory: Memory;
}

export function createIntake({ context, settings, saved, memory }: IntakeDeps): Intake {
  const { log, signal } = context;
  let self: Self | undefined;
  const drop = (reason: string, fields: Record<string, unknown> = {}): void =>
    log("info", "signal.event_dropped", { reason, ...fields });

  async function hand(data: string): Promise<void> {
    let value: unknown;
    try {
      value = parseJson(data);
    } catch {
      return drop("it is no JSON");
    }
    const checked = checkEvent(value);
    if (!checked.ok) return drop(`it cannot be read: ${checked.error}`);
    const { envelope, account, exception } = checked.value.result ?? checked.value;
    if (account !== undefined && self && !samePerson(personOf(account), self) && !sameText(account, self)) {
      return drop("it is for another account of the daemon");
    }
    if (!envelope) {
      return exception
        ? drop(`the daemon could not read it: ${exception.type ?? exception.message}`)
        : drop("it is empty");
    }
    if (exception && envelope.dataMessage === undefined) {
      drop(`the daemon could not read it: ${exception.type ?? exception.message}`, { timestamp: envelope.timestamp });
    } else await handEnvelope(envelope);
  }

  async function handEnvelope(envelope: Envelope): Promise<void> {
    if (!self) return drop("the account is not known yet");
    const reading = readEnvelope(envelope, { self, settings });
    switch (reading.kind) {
      case "dropped":
        if (!reading.routine) drop(reading.reason, { timestamp: envelope.timestamp });
        return;
      case "marks":
        return reading.marks.forEach((mark) => tell(mark, self));
      case "event": {
        const { event } = reading;
        if (event.sender.isSelf === true && memory.ownChat(event.timestamp) !== undefined) {
          return drop("it is our own message, which came back", { timestamp: event.timestamp });
        }
        if (event.kind === "message") memory.seen(event.timestamp, event.sender.id, event.text);
        await context.inbound(event).catch((error: unknown) => {
          if (signal.aborted) throw error;
          drop(String(error), { timestamp: event.timestamp });
        });
      }
    }
  }

  function tell({ by, timestamp, mark, at }: Mark, us: Self | undefined): void {
    if (!us) return;
    const chatId = memory.ownChat(timestamp) ?? by;
    context.mark({ chatId, messageId: messageIdOf(timestamp, us.id), mark, at });
  }

  return {
    begin: (who) => self = who,
    async take(item) {
      if (item.kind === "comment") return;
      if (item.kind === "oversized") drop("it is longer than any event may be");
      else if (item.event === "receive" || item.event === "message") await hand(item.data);
      else drop(`it is of the unknown kind "${item.event.slice(0, 64)}"`);
      // After the commit: a daemon that keeps events would pass over what is not in the inbox yet.
      if (item.id !== undefined && item.id !== saved.now.lastEventId) saved.update({ lastEventId: item.id });
    },
  };
}

const sameText = (account: string, self: Self): boolean => account === self.account;
