/** canvas.*: parameters, and what they make the desk do (canvas facts, section 6). */
import { fields, isFields, number, text } from "../../client/read.ts";
import { unavailable } from "../host/failure.ts";
import type { Command } from "../host/host.ts";
import type { Params } from "../host/params.ts";
import { createQueue } from "../host/queue.ts";
import type { Desk } from "./desk.ts";
import { readJsonl } from "./page.ts";

const MAX_URL = 2_048;
const MAX_CODE = 256 * 1024;
const MAX_JSONL = 1 << 20;
const MAX_MESSAGES = 500;
/** Changes of one screen happen in the order in which they were asked for. */
const QUEUE = 16;

export function canvasCommands(desk: Desk): Record<string, Command> {
  const queue = createQueue("the canvas", QUEUE);
  const command = (prepare: (params: Params) => (signal: AbortSignal) => Promise<unknown>): Command => ({
    ability: "canvas",
    prepare: (params) => {
      const work = prepare(params);
      return (call) => queue.run(call.signal, () => work(call.signal));
    },
  });
  const show = (url: string) => async (signal: AbortSignal) => {
    await desk.present(url, signal);
    return {};
  };
  return {
    "canvas.present": command((params) => show(params.text("url", MAX_URL) ?? "")),
    "canvas.navigate": command((params) => show(params.needed("url", MAX_URL))),
    "canvas.hide": command(() => () => {
      desk.hide();
      return Promise.resolve({});
    }),
    "canvas.eval": command((params) => {
      const javaScript = params.needed("javaScript", MAX_CODE);
      return async (signal) => ({ result: text(await desk.ask("eval", { javaScript }, signal)) ?? "" });
    }),
    "canvas.snapshot": command((params) => {
      const wish = readSnapshot(params);
      return async (signal) => picture(await desk.ask("snapshot", wish, signal));
    }),
    "canvas.a2ui.push": command((params) => {
      const messages = params.objects("messages", MAX_MESSAGES);
      return (signal) => desk.push(messages, signal);
    }),
    "canvas.a2ui.pushJSONL": command((params) => {
      const messages = readJsonl(params.needed("jsonl", MAX_JSONL), MAX_MESSAGES);
      return (signal) => desk.push(messages, signal);
    }),
    "canvas.a2ui.reset": command(() => (signal) => desk.reset(signal)),
  };
}

function readSnapshot(params: Params) {
  const format = params.choice("format", ["png", "jpeg", "jpg"]) ?? "png";
  const maxWidth = params.int("maxWidth", { min: 16, max: 8192 });
  const quality = params.number("quality", { min: 0, max: 1 });
  return {
    format: format === "jpg" ? "jpeg" : format,
    ...(maxWidth === undefined ? {} : { maxWidth }),
    ...(quality === undefined ? {} : { quality }),
  };
}

/** The page draws itself, and it may lie; what goes on is a picture's text and nothing else. */
function picture(value: unknown): unknown {
  const { format, base64, width, height } = fields(value);
  const isImage = (format === "png" || format === "jpeg") && typeof base64 === "string" &&
    /^[A-Za-z0-9+/]+={0,2}$/.test(base64);
  if (!isFields(value) || !isImage) throw unavailable("the page gave no picture");
  return { format, base64, width: number(width) ?? 0, height: number(height) ?? 0 };
}
