/** What a chat reads of an approval: the question with its buttons, and what became of it. Pure. */
import type { ExecDecision } from "../../schemas/event/approval.ts";
import type { Button } from "../../schemas/worker/content.ts";
import type { Static } from "../../schemas/primitives.ts";
import { visible } from "../approval/command_text.ts";
import type { EndedAsk, OpenedAsk } from "../approval/types.ts";

/** What of a command a card shows; a longer one cannot be allowed from a chat, since nobody would read all of it. */
const MAX_WEIGHT = 1_500;
const MAX_LINES = 8;
const MAX_FACT = 200;
const MAX_LABEL = 32;

const LETTERS = { o: "allow-once", a: "allow-always", d: "deny" } as const satisfies Record<string, ExecDecision>;

export interface Press {
  /** Which card; not the id of the ask, which may be longer than a button holds. */
  readonly card: string;
  readonly decision: ExecDecision;
}

const DATA = /^approve:([A-Za-z0-9_-]{12}):([oad])$/u;

/** The press that a button's data stands for; undefined: the button means something else. */
export function parsePress(data: string): Press | undefined {
  const [, card = "", letter = ""] = DATA.exec(data) ?? [];
  const decision = letter === "o" || letter === "a" || letter === "d" ? LETTERS[letter] : undefined;
  return decision && { card, decision };
}

export interface CardFacts {
  readonly card: string;
  readonly ask: OpenedAsk;
  /** The node's name; undefined: the gateway's own host, or one that is not known. */
  readonly node: string | undefined;
  /** Somebody who reads the chat may decide. */
  readonly hasOwner: boolean;
}

/** Allow once, always (named by what it allows) and deny; without the first two when the card cannot show everything. */
export function cardButtons({ card, ask, hasOwner }: CardFacts): Static<typeof Button>[][] | undefined {
  if (!hasOwner) return undefined;
  const deny = { label: "Deny", data: `approve:${card}:d`, style: "danger" } as const;
  if (!isWhole(ask.request.command)) return [[deny]];
  const once = { label: "Allow once", data: `approve:${card}:o`, style: "primary" } as const;
  const always = ask.pattern === undefined ? [] : [{
    label: `Always ${clip(oneLine(ask.pattern.split(/[\\/]/u).at(-1) ?? ""), MAX_LABEL)}`,
    data: `approve:${card}:a`,
  }];
  return [[once, ...always, deny]];
}

/** Markdown of the question. */
export function cardText(facts: CardFacts, now: number): string {
  const { ask, hasOwner } = facts;
  const minutes = Math.max(1, Math.round((ask.expiresAtMs - now) / 60_000));
  const notes = [
    ...(isWhole(ask.request.command)
      ? []
      : ["The command is too long to be shown whole: allow it in WebChat or with `openclaw approvals`."]),
    ...(hasOwner ? [] : [
      "Nobody is named as the owner here (commands.ownerAllowFrom): decide in WebChat or with `openclaw approvals`.",
    ]),
  ];
  return [...body("May this command run?", facts), `Waits for ${minutes} min`, ...notes].join("\n");
}

/** Markdown of the same card once it is decided. */
export const endText = (facts: CardFacts, end: EndedAsk): string =>
  body(outcome(end, facts.ask.pattern), facts).join("\n");

/** `Allowed once by Ada` */
export function outcome({ decision, by, reason }: EndedAsk, pattern: string | undefined): string {
  const name = by === undefined ? "" : ` by ${plain(by)}`;
  switch (decision) {
    case "allow-once":
      return `Allowed once${name}`;
    case "allow-always":
      return pattern === undefined ? `Allowed once${name} (it cannot be allowed always)` : `Allowed always${name}`;
    case "deny":
      return `Denied${name}`;
    case null:
      return UNDECIDED[reason];
  }
}

const UNDECIDED: Readonly<Record<EndedAsk["reason"], string>> = {
  decided: "Not decided",
  timeout: "Not decided in time: the command does not run",
  cancelled: "Withdrawn: the command is not needed any more",
  stopped: "Not decided: the gateway was stopped",
};

/** What whoever presses too late reads. */
export const GONE = "This request is no longer open";

function body(headline: string, { ask: { request }, node }: CardFacts): string[] {
  const command = shown(request.command);
  const host = node ?? request.nodeId ?? (request.host === "node" ? undefined : request.host ?? "gateway");
  const where = [
    ...(request.agentId === null ? [] : [`Agent ${code(request.agentId)}`]),
    ...(host === undefined ? [] : [`on ${code(host)}`]),
    ...(request.cwd === null ? [] : [`in ${code(request.cwd)}`]),
  ].join(" ");
  return [
    headline,
    "```",
    command,
    "```",
    ...(where === "" ? [] : [where]),
    ...(request.resolvedPath === null ? [] : [`Program ${code(request.resolvedPath)}`]),
  ];
}

/** Not every platform knows longer fences: what would end ours is written as an escape, like all that cannot be seen. */
const inFence = (command: string): string => visible(command).replaceAll("```", "\\x60\\x60\\x60");

/** As the platforms count it: some write `<` as `&lt;`. */
const weight = (text: string): number => text.replaceAll(/[&<>]/gu, "&amp;").length;

function isWhole(command: string): boolean {
  const text = inFence(command);
  return weight(text) <= MAX_WEIGHT && text.split("\n").length <= MAX_LINES;
}

/** The whole command, or its beginning and how much is missing. */
function shown(command: string): string {
  const text = inFence(command);
  if (isWhole(command)) return text;
  const head = text.split("\n").slice(0, MAX_LINES - 1).join("\n").slice(0, Math.floor(MAX_WEIGHT / 5)).toWellFormed();
  return `${head}…\n(${text.length - head.length} more characters)`;
}

const oneLine = (text: string): string => visible(text).replaceAll("\n", "\\n");
const clip = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
/** Of another party's text, as code: nothing in it is Markdown, and no back-tick ends it. */
const code = (text: string): string => `\`${clip(oneLine(text).replaceAll("`", "'"), MAX_FACT)}\``;
/** A name without anything that reads as Markdown or as a mention. */
const plain = (name: string): string =>
  clip(oneLine(name).replaceAll(/[*_~`|<>[\]()#@\\]+/gu, " ").replaceAll(/\s+/gu, " ").trim(), 64) || "somebody";
