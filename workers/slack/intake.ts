/** Payloads on their way to main: read, mapped, handed over, and only then acknowledged. The same for socket and HTTP. */
import { type Checker, checker } from "../../schemas/validate.ts";
import type { Inbound } from "../../schemas/worker/content.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import {
  type Envelope,
  type Known,
  type Mapped,
  memberEvent,
  messageEvent,
  pinEvent,
  reactionEvent,
} from "./inbound.ts";
import { buttonEvent, slashEvent } from "./interactive.ts";
import type { Settings } from "./settings.ts";
import { BlockActions, EventCallback, MemberEvent, MessageEvent, PinEvent, ReactionEvent } from "./wire.ts";
import { RenameEvent, SlashCommand } from "./wire.ts";

const checkCallback = checker(EventCallback, { first: true });
const checkSlash = checker(SlashCommand, { first: true });
const checkActions = checker(BlockActions, { first: true });
const checkRename = checker(RenameEvent);

/** The acknowledgement: empty, or something to show to whoever gave a command. */
export type Acknowledgement = Record<string, unknown> | undefined;

export interface Intake {
  /**
   * Resolves with the acknowledgement when the event is in main's inbox. What cannot be used is logged and acknowledged:
   * it would come again for ever. Rejects when the account stops; then nothing may be acknowledged.
   */
  take(kind: "event" | "slash" | "interactive", payload: unknown): Promise<Acknowledgement>;
}

export interface IntakeDeps {
  readonly context: Pick<ProviderContext, "inbound" | "log" | "signal">;
  readonly settings: Settings;
  readonly known: Known;
  /** The app was taken out of the workspace, or its token was revoked. */
  readonly onRevoked: () => void;
}

/** Reads an event by its schema and maps it. */
type Reader = (event: unknown, envelope: Envelope, known: Known) => Promise<Mapped>;

function reader<T>(
  check: Checker<T>,
  map: (event: T, envelope: Envelope, known: Known) => Promise<Mapped>,
): Reader {
  return async (event, envelope, known) => {
    const checked = check(event);
    return checked.ok ? await map(checked.value, envelope, known) : { ignored: `unreadable: ${checked.error}` };
  };
}

const READERS: Readonly<Record<string, Reader>> = {
  message: reader(checker(MessageEvent, { first: true }), messageEvent),
  app_mention: reader(checker(MessageEvent, { first: true }), messageEvent),
  reaction_added: reader(checker(ReactionEvent), reactionEvent),
  reaction_removed: reader(checker(ReactionEvent), reactionEvent),
  pin_added: reader(checker(PinEvent), pinEvent),
  pin_removed: reader(checker(PinEvent), pinEvent),
  member_joined_channel: reader(checker(MemberEvent), memberEvent),
  member_left_channel: reader(checker(MemberEvent), memberEvent),
};

export function createIntake({ context, settings, known, onRevoked }: IntakeDeps): Intake {
  const { signal, log } = context;

  async function hand(event: Inbound): Promise<void> {
    // Kept out here: on this platform the core takes a missing key for "no such rule", and by default they are off.
    if (event.chat.kind === "group" && !settings.groupDirect) {
      return log("info", "slack.dropped", { reason: "groups of direct messages are off (dm.groupEnabled)" });
    }
    await context.inbound(event).catch((error: unknown) => {
      if (signal.aborted) throw error;
      log("warn", "slack.dropped", { dedupeKey: event.dedupeKey, reason: String(error) });
    });
  }

  async function event(payload: unknown): Promise<undefined> {
    const checked = checkCallback(payload);
    if (!checked.ok) return void log("warn", "slack.unreadable", { kind: "event", reason: checked.error });
    const { event: inner, event_id: eventId, team_id: teamId } = checked.value;
    const { type } = inner;
    if (type === "tokens_revoked" || type === "app_uninstalled") return void onRevoked();
    if (type === "channel_rename" || type === "group_rename") return void renamed(inner);
    const read = READERS[type];
    if (!read) return void log("debug", "slack.ignored", { type });
    const mapped = await read(inner, { eventId, teamId }, known);
    if (!("ignored" in mapped)) return void await hand(mapped);
    const level = mapped.ignored.startsWith("unreadable")
      ? "warn"
      : mapped.ignored.startsWith("own")
      ? "debug"
      : "info";
    log(level, "slack.ignored", { type, eventId, reason: mapped.ignored });
  }

  function renamed(inner: unknown): void {
    const checked = checkRename(inner);
    if (checked.ok) known.directory.renamed(checked.value.channel.id, checked.value.channel.name);
  }

  async function slash(payload: unknown): Promise<Acknowledgement> {
    const checked = checkSlash(payload);
    if (!checked.ok) return void log("warn", "slack.unreadable", { kind: "slash", reason: checked.error });
    const result = await slashEvent(checked.value, known, settings);
    if ("refusal" in result) {
      log("info", "slack.dropped", { kind: "slash", reason: result.refusal });
      return { response_type: "ephemeral", text: result.refusal };
    }
    return void await hand(result.event);
  }

  async function interactive(payload: unknown): Promise<undefined> {
    const checked = checkActions(payload);
    if (!checked.ok) return void log("info", "slack.ignored", { type: "interactive", reason: checked.error });
    const button = await buttonEvent(checked.value, known);
    if (button === undefined) {
      return void log("info", "slack.ignored", { type: "interactive", reason: "not our button" });
    }
    await hand(button);
  }

  return {
    async take(kind, payload) {
      if (kind === "slash") return await slash(payload);
      return kind === "event" ? await event(payload) : await interactive(payload);
    },
  };
}
