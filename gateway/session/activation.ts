/** `/activation mention|always`: whether a group session answers everything or only when it is addressed. */
import type { SessionEntry } from "./types.ts";

export type Activation = NonNullable<SessionEntry["groupActivation"]>;

/** The asked for activation; `undefined` inside: shown only. Undefined for any other text. */
export function parseActivation(text: string): { readonly wanted: Activation | "unknown" | undefined } | undefined {
  const match = /^\/activation(?:@\S+)?(?:\s+(\S+))?\s*$/iu.exec(text.trim());
  if (!match) return undefined;
  const word = match[1]?.toLowerCase();
  if (word === undefined) return { wanted: undefined };
  return { wanted: word === "mention" || word === "always" ? word : "unknown" };
}

/** What the chat reads after the command. */
export function activationAnswer(wanted: Activation | "unknown" | undefined, current: Activation | undefined): string {
  const set = "Set it with /activation mention or /activation always";
  if (wanted === "unknown") return `There is no such activation. ${set}`;
  if (wanted === undefined) return `Activation: ${current ?? "as configured"}. ${set}`;
  return wanted === "always"
    ? "Activation: always. I answer every message here"
    : "Activation: mention. I answer when I am addressed";
}
