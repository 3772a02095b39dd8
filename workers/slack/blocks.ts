/** Buttons: they need blocks, and then the text has to stand in blocks as well. */
import type { Outbound } from "../../schemas/worker/content.ts";

/** Our buttons are told from those of other parts of the app by it. */
export const BUTTON_PREFIX = "openclaw:";
/** Slack's limits of a section's text, of a button's label and of the blocks of a message. */
const MAX_SECTION = 3000;
const MAX_LABEL = 75;
const MAX_BLOCKS = 50;

/** Undefined without buttons. */
export function blocksOf(text: string, { buttons }: Pick<Outbound, "buttons">): Record<string, unknown>[] | undefined {
  const rows = (buttons ?? []).filter((row) => row.length > 0);
  if (rows.length === 0) return undefined;
  const sections = pieces(text).map((piece) => ({ type: "section", text: { type: "mrkdwn", text: piece } }));
  const actions = rows.map((row, line) => ({
    type: "actions",
    elements: row.map(({ label, data, style }, column) => ({
      type: "button",
      action_id: `${BUTTON_PREFIX}${line}:${column}`,
      text: { type: "plain_text", text: label.slice(0, MAX_LABEL), emoji: true },
      value: data,
      ...(style === undefined ? {} : { style }),
    })),
  }));
  return [...sections.slice(0, MAX_BLOCKS - actions.length), ...actions];
}

/** Cut at the ends of lines where there are any. */
function pieces(text: string): string[] {
  const out: string[] = [];
  let rest = text;
  while (rest.length > MAX_SECTION) {
    const line = rest.lastIndexOf("\n", MAX_SECTION);
    const end = line > MAX_SECTION / 2 ? line : MAX_SECTION;
    out.push(rest.slice(0, end));
    rest = rest.slice(end).replace(/^\n/u, "");
  }
  return rest === "" ? out : [...out, rest];
}
