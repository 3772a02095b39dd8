/** `openclaw nodes canvas`: pages and surfaces on a node, or beside a chat with `--session`. */
import { type Session, withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { CliError } from "./exit.ts";
import { invoke, invokeTimeout } from "./nodes_call.ts";
import { endingOf, saveBase64, size } from "./nodes_file.ts";
import { nodeName, pickNode } from "./nodes_pick.ts";
import { Media } from "./nodes_payloads.ts";
import type { Options } from "./options.ts";
import { clean, oneLine } from "./output.ts";
import { read } from "./payloads.ts";
import { Type } from "../../schemas/primitives.ts";

/** Bytes of A2UI messages that the gateway takes at once. */
const MAX_JSONL = 1 << 20;
const GRACE_MS = 5000;

export const presentCommand: Command = async (context, options, [target]) =>
  await act(context, options, {
    command: "canvas.present",
    params: { ...(target === undefined ? {} : { url: target }), ...placement(options) },
    method: "canvas.present",
    // Beside a chat an address and a path are two things.
    ownParams: target === undefined ? {} : /^https?:\/\//iu.test(target) ? { url: target } : { path: target },
    done: `Shows ${target === undefined ? "its canvas" : oneLine(target)}`,
  });

export const hideCommand: Command = (context, options) =>
  act(context, options, { command: "canvas.hide", params: {}, method: "canvas.hide", ownParams: {}, done: "Hidden" });

export const navigateCommand: Command = (context, options, [url = ""]) =>
  act(context, options, { command: "canvas.navigate", params: { url }, done: `Went to ${oneLine(url)}` });

export const evalCommand: Command = async (context, options, [script]) => {
  const javaScript = options.text("js") ?? script;
  if (javaScript === undefined) {
    throw new CliError("usage", "Cannot run a script: name it, or use - for standard input");
  }
  const text = javaScript === "-" ? await context.input.text(MAX_JSONL) : javaScript;
  await onNode(context, options, "canvas.eval", { javaScript: text }, (payload) => {
    context.out.line(
      clean(read("canvas.eval", Type.Object({ result: Type.Optional(Type.String()) }), payload).result ?? ""),
    );
  });
};

export const snapshotCommand: Command = async (context, options) => {
  const format = options.text("format");
  if (format !== undefined && !["png", "jpg", "jpeg"].includes(format)) {
    throw new CliError("usage", `Cannot use --format "${format}": png or jpg is needed`);
  }
  const maxWidth = options.whole("maxWidth");
  const params = {
    ...(format === undefined ? {} : { format: format === "jpg" ? "jpeg" : format }),
    ...(maxWidth === undefined ? {} : { maxWidth }),
  };
  await onNode(context, options, "canvas.snapshot", params, async (payload, { settings }) => {
    const media = read("canvas.snapshot", Media, payload);
    const file = { base64: media.base64, name: `canvas.${endingOf(media.format)}` };
    const saved = await saveBase64(context, settings.stateDir, options.text("output"), file);
    context.out.line(`Saved: ${saved.path} (${size(saved.bytes)})`);
  });
};

export const pushCommand: Command = async (context, options) => {
  const jsonl = await messages(context, options);
  const dryRun = options.flag("dryRun");
  const extra = dryRun ? { dryRun: true } : {};
  await withGateway(context, options, async (session) => {
    const where = await placeOf(session, options);
    // The gateway's own method checks each message, keeps the surfaces, and brings them to the node.
    const payload = await request(session, options, "canvas.a2ui.push", { ...where.params, jsonl, ...extra });
    if (options.flag("json")) return context.out.json(payload);
    const { surfaces = [] } = read("canvas.a2ui.push", Pushed, payload);
    context.out.line(
      `${dryRun ? "Correct" : "Pushed"}${where.name}; surfaces: ${oneLine(surfaces.join(" "), 300) || "none"}`,
    );
  });
};

export const resetCommand: Command = (context, options) =>
  act(context, options, {
    command: "canvas.a2ui.reset",
    params: {},
    method: "canvas.a2ui.reset",
    ownParams: {},
    done: "Surfaces removed",
  });

const Pushed = Type.Object({ surfaces: Type.Optional(Type.Array(Type.String())) });

interface Act {
  readonly command: string;
  readonly params: unknown;
  /** The gateway's method for the canvas beside a chat; undefined where only a node can do it. */
  readonly method?: string;
  readonly ownParams?: Readonly<Record<string, unknown>>;
  readonly done: string;
}

async function act(context: CliContext, options: Options, wish: Act): Promise<void> {
  const { command, method } = wish;
  if (options.text("session") === undefined || method === undefined) {
    return await onNode(context, options, command, wish.params, (_payload, _session, name) => {
      context.out.line(`${wish.done} on "${name}"`);
    });
  }
  await withGateway(context, options, async (session) => {
    const where = await placeOf(session, options);
    const payload = await request(session, options, method, { ...where.params, ...wish.ownParams });
    if (options.flag("json")) return context.out.json(payload);
    context.out.line(`${wish.done}${where.name}`);
  });
}

/** The gateway may have to ask the node first. */
const request = ({ client }: Session, options: Options, method: string, params: unknown): Promise<unknown> =>
  client.request(method, params, { timeoutMs: invokeTimeout(options) + GRACE_MS });

async function onNode(
  context: CliContext,
  options: Options,
  command: string,
  params: unknown,
  show: (payload: unknown, session: Session, name: string) => void | Promise<void>,
): Promise<void> {
  if (options.text("session") !== undefined) {
    throw new CliError("usage", `Cannot do ${command} beside a chat: only a node can; use --node`);
  }
  await withGateway(context, options, async (session) => {
    const node = await pickNode(session, options.text("node"));
    const payload = await invoke(session, node, command, params, invokeTimeout(options));
    if (options.flag("json")) return context.out.json(payload);
    await show(payload, session, nodeName(node));
  });
}

/** Where to show: beside the chat of `--session`, else on a node. */
async function placeOf(session: Session, options: Options) {
  const sessionKey = options.text("session");
  if (sessionKey !== undefined && options.text("node") !== undefined) {
    throw new CliError("usage", "Cannot use --session beside --node: it is one or the other");
  }
  if (sessionKey !== undefined) return { params: { sessionKey }, name: ` beside "${oneLine(sessionKey)}"` };
  const node = await pickNode(session, options.text("node"));
  return { params: { nodeId: node.nodeId }, name: ` on "${nodeName(node)}"` };
}

function placement(options: Options): { readonly placement?: Readonly<Record<string, number>> } {
  const sides = ["x", "y", "width", "height"].flatMap((side) => {
    const value = options.whole(side, 0);
    return value === undefined ? [] : [[side, value] as const];
  });
  return sides.length === 0 ? {} : { placement: Object.fromEntries(sides) };
}

/** The messages of `--jsonl <file>`, of standard input with `-`, or of a pipe. */
async function messages(context: CliContext, options: Options): Promise<string> {
  const source = options.text("jsonl") ?? (context.input.isTty ? undefined : "-");
  if (source === undefined) {
    throw new CliError("usage", "Cannot push: name a file with --jsonl, or use - for standard input");
  }
  if (source === "-") return await context.input.text(MAX_JSONL);
  try {
    const { size } = await Deno.stat(source);
    if (size > MAX_JSONL) throw new CliError("usage", `Cannot push "${source}": it holds more than ${MAX_JSONL} bytes`);
    return await Deno.readTextFile(source);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const denied = error instanceof Deno.errors.NotCapable;
    const reason = denied
      ? "this process may not read it"
      : error instanceof Error
      ? error.message.split("\n")[0]
      : String(error);
    throw new CliError(denied ? "permission" : "usage", `Cannot read "${source}": ${reason}`, [
      `Through standard input: openclaw nodes canvas a2ui push --jsonl - < ${clean(source)}`,
    ]);
  }
}
