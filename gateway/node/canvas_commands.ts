/**
 * Canvas commands pass through the gateway's own record of the node's screen: surfaces are checked and kept before the
 * node gets them, pages are noted once the node has said yes. A node that reloads then finds what it should show.
 */
import { invalid } from "../../schemas/error.ts";
import type { PresentedPage } from "../../schemas/event/canvas.ts";
import { parseJsonl } from "../canvas/a2ui/jsonl.ts";
import type { Screens } from "../canvas/types.ts";

const MAX_JSONL_CHARS = 1 << 20;
const MAX_MESSAGES = 500;
const MAX_URL_CHARS = 2_048;
const CANVAS_PREFIX = "/__openclaw__/canvas/";

export interface CanvasStep {
  /** Something was kept before the node is asked; an error of the node has to say so. */
  readonly kept: boolean;
  /** After the node's good answer. */
  done(): void;
}

const NOTHING: CanvasStep = { kept: false, done: () => {} };

/** Checks the command's parameters and keeps what is pushed. Throws INVALID_REQUEST with what to repair. */
export function canvasStep(screens: Screens, nodeId: string, command: string, params: unknown): CanvasStep {
  const screen = { nodeId };
  switch (command) {
    case "canvas.a2ui.push":
      screens.push(screen, messagesOf(field(params, "messages")));
      return { kept: true, done: () => {} };
    case "canvas.a2ui.pushJSONL":
      screens.push(screen, linesOf(field(params, "jsonl")));
      return { kept: true, done: () => {} };
    case "canvas.a2ui.reset":
      return { kept: false, done: () => void screens.reset(screen) };
    case "canvas.hide":
      return { kept: false, done: () => void screens.hide(screen) };
    case "canvas.present":
    case "canvas.navigate": {
      const page = pageOf(field(params, "url"), command === "canvas.navigate");
      return { kept: false, done: () => void screens.present(screen, page) };
    }
    default:
      return NOTHING;
  }
}

function messagesOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid("Cannot push to the canvas: messages is not a list");
  if (value.length > MAX_MESSAGES) throw invalid(`Cannot push to the canvas: more than ${MAX_MESSAGES} messages`);
  return value;
}

/** The messages of a text that a client sent. Throws INVALID_REQUEST with the number of the line. */
export function linesOf(value: unknown): readonly unknown[] {
  if (typeof value !== "string") throw invalid("Cannot push to the canvas: jsonl is not a text");
  if (value.length > MAX_JSONL_CHARS) {
    throw invalid(`Cannot push to the canvas: jsonl is longer than ${MAX_JSONL_CHARS} characters`);
  }
  return messagesOf(parseJsonl(value));
}

/**
 * The page that a `url` means: an http(s) address or a path inside the canvas; empty is the default page. Anything else
 * that a browser could open, such as javascript:, data: or file:, is refused here, whatever the node would do with it.
 */
export function pageOf(value: unknown, isRequired: boolean): PresentedPage {
  const url = value ?? "";
  if (typeof url !== "string") throw invalid("Cannot show the page: url is not a text");
  if (isRequired && url.trim() === "") throw invalid("Cannot show the page: url is missing");
  if (url.length > MAX_URL_CHARS) throw invalid(`Cannot show the page: url is longer than ${MAX_URL_CHARS} characters`);
  // Browsers drop such characters before they read the scheme: "java\nscript:" would pass a check that keeps them.
  if (/[\p{Cc}\s\\]/u.test(url.trim())) {
    throw invalid("Cannot show the page: url holds spaces, control characters or \\");
  }
  const text = url.trim();
  if (/^https?:\/\//iu.test(text)) return webPage(text);
  if (/^[a-z][a-z0-9+.-]*:/iu.test(text) || text.startsWith("//")) throw invalid(WRONG_URL);
  const path = text.startsWith(CANVAS_PREFIX) ? text.slice(CANVAS_PREFIX.length) : text.replace(/^\/+/u, "");
  if (path.split(/[?#]/u)[0]?.split("/").some((part) => decoded(part) === "..")) throw invalid(WRONG_URL);
  return { kind: "path", path };
}

const WRONG_URL = "Cannot show the page: url is neither an http(s) address nor a path inside the canvas";

function webPage(text: string): PresentedPage {
  if (!URL.canParse(text)) throw invalid(WRONG_URL);
  return { kind: "url", url: text };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid(WRONG_URL);
  }
}

const field = (params: unknown, key: string): unknown =>
  params !== null && typeof params === "object" && key in params ? Reflect.get(params, key) : undefined;
