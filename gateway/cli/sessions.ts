/** `openclaw sessions`: list, show, reset, delete, rename. */
import { type Session, withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { confirm } from "./confirm.ts";
import { CliError } from "./exit.ts";
import { ago } from "./format.ts";
import { tokens } from "./models.ts";
import { clean } from "./output.ts";
import { ChatHistory, read, SessionChange, SessionDescribe, SessionRow, SessionsList } from "./payloads.ts";
import { printMessages } from "./transcript.ts";

const DEFAULT_LIMIT = 50;

export const listCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const { out, clock } = context;
    const search = options.text("search");
    const agentId = options.text("agent");
    const payload = await session.call("sessions.list", {
      limit: options.whole("limit") ?? DEFAULT_LIMIT,
      includeDerivedTitles: true,
      includeLastMessage: true,
      ...(search === undefined ? {} : { search }),
      ...(agentId === undefined ? {} : { agentId }),
    });
    if (options.flag("json")) return out.json(payload);
    const list = read("sessions.list", SessionsList, payload);
    if (list.sessions.length === 0) return out.line(search === undefined ? "No sessions yet." : "No session matches.");
    out.table(
      ["SESSION", "TITLE", "LAST", { title: "TOKENS", right: true }, "MODEL"],
      list.sessions.map((row) => [
        row.key + (row.hasActiveRun === true ? " *" : ""),
        titleOf(row),
        ago(row.updatedAt, clock.now()),
        tokens(row.totalTokens ?? 0),
        row.model ?? "",
      ]),
    );
    if (list.sessions.some((row) => row.hasActiveRun === true)) out.line("* a run is in progress");
    const more = (list.totalCount ?? list.sessions.length) - list.sessions.length;
    if (more > 0) out.line(`… and ${more} more (--limit, --search)`);
  });

const titleOf = (row: SessionRow): string =>
  row.label ?? row.displayName ?? row.derivedTitle ?? row.lastMessagePreview ?? "";

export const showCommand: Command = (context, options, [key = ""]) =>
  withGateway(context, options, async (session) => {
    const { out, clock } = context;
    const limit = options.whole("limit") ?? 20;
    const described = await session.call("sessions.describe", { key });
    const history = await session.call("chat.history", { sessionKey: key, limit });
    if (options.flag("json")) return out.json({ "sessions.describe": described, "chat.history": history });
    const { session: row } = read("sessions.describe", SessionDescribe, described);
    if (row === null) throw unknownSession(key);
    out.fields([
      ["Session", clean(row.key)],
      ["Title", clean(titleOf(row))],
      ["Last used", ago(row.updatedAt, clock.now())],
      ["Model", clean([row.modelProvider, row.model].filter(Boolean).join("/"))],
      ["Thinking", clean(row.thinkingLevel ?? "")],
      ["Tokens", tokensLine(row)],
      ["Run", row.hasActiveRun === true ? "in progress" : undefined],
    ]);
    const { messages } = read("chat.history", ChatHistory, history);
    out.line();
    printMessages(out, messages);
  });

const tokensLine = (row: SessionRow): string => {
  const used = tokens(row.totalTokens ?? 0);
  return row.contextTokens === undefined || row.contextTokens === null
    ? used
    : `${used} of ${tokens(row.contextTokens)}`;
};

const unknownSession = (key: string): CliError =>
  new CliError("failed", `No session "${clean(key)}"`, ["The sessions there are: openclaw sessions"]);

export const resetCommand: Command = (context, options, [key = ""]) =>
  change(context, options.flag("json"), (run) => withGateway(context, options, run), async (session) => {
    const payload = await session.call("sessions.reset", { key });
    const { key: canonical } = read("sessions.reset", SessionChange, payload);
    return { payload, text: `Started afresh: ${clean(canonical)}. The old transcript is kept.` };
  });

export const renameCommand: Command = (context, options, [key = "", label = ""]) =>
  change(context, options.flag("json"), (run) => withGateway(context, options, run), async (session) => {
    const payload = await session.call("sessions.patch", { key, label: label === "" ? null : label });
    const { key: canonical } = read("sessions.patch", SessionChange, payload);
    const text = label === ""
      ? `Title removed: ${clean(canonical)}`
      : `Renamed: ${clean(canonical)} is "${clean(label)}"`;
    return { payload, text };
  });

export const deleteCommand: Command = async (context, options, [key = ""]) => {
  await confirm(context, options, `Delete session ${clean(key)} and its transcript?`);
  return await change(
    context,
    options.flag("json"),
    (run) => withGateway(context, options, run),
    async (session) => {
      const payload = await session.call("sessions.delete", { key });
      const { key: canonical, deleted } = read("sessions.delete", SessionChange, payload);
      if (deleted === false && !options.flag("json")) throw unknownSession(key);
      return { payload, text: `Deleted: ${clean(canonical)}` };
    },
  );
};

interface Change {
  readonly payload: unknown;
  readonly text: string;
}

/** Makes one change and prints its answer, as JSON or as a sentence. */
async function change(
  { out }: CliContext,
  json: boolean,
  connect: (use: (session: Session) => Promise<Change>) => Promise<Change>,
  make: (session: Session) => Promise<Change>,
): Promise<void> {
  const { payload, text } = await connect(make);
  if (json) out.json(payload);
  else out.line(text);
}
