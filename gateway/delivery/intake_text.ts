/** A message as the session keeps it and as the model reads it. */
import type { InboundMessage } from "../../schemas/worker/content.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import { placeSystemPrompt } from "../session/access_rules.ts";
import { speaker } from "../session/group_history.ts";
import type { Seen } from "./intake_gate.ts";

const MAX_QUOTE = 500;

/** In groups every message begins with its writer, because the session is shared by all of them. */
export function messageText(event: InboundMessage, text: string, lines: readonly string[]): string {
  const said = [text.trim(), ...lines].filter((line) => line !== "").join("\n");
  return event.chat.kind === "direct" ? said : `${speaker(event.sender)}: ${said}`;
}

/** What the message answers to, for the prompt alone. */
export function quoteText({ replyTo }: InboundMessage): string {
  const quoted = replyTo?.text?.replaceAll(/\s+/gu, " ").trim().slice(0, MAX_QUOTE) ?? "";
  return quoted === "" ? "" : `[In reply to ${replyTo?.fromSelf === true ? "your" : "the"} message: "${quoted}"]`;
}

/** Tells the model where it is; in a group also that it may stay silent. */
export function placePrompt({ manifest, event, account }: Seen): string {
  const own = placeSystemPrompt(account, event.chat);
  return [event.chat.kind === "direct" ? directPrompt(manifest) : groupPrompt(manifest, event.chat.title), own]
    .filter((part) => part !== "").join("\n\n");
}

const directPrompt = ({ label }: ChannelManifest): string => `This message came over ${label}; your answer goes there.`;

function groupPrompt({ label }: ChannelManifest, title: string | undefined): string {
  const name = title?.replaceAll(/[\s\p{Cc}"]+/gu, " ").trim().slice(0, 80);
  return `This message came from the group chat${
    name ? ` "${name}"` : ""
  } on ${label}; your answer goes there and everybody ` +
    "in it reads it. Each message begins with the name of its writer. Answer with NO_REPLY alone when nothing needs to be said.";
}
