/** Canvas payloads and messages of frames to the page's own data. A frame is hostile; nothing of it is taken as it is. */
import { each, type Fields, fields, isFields, list, number, text, word } from "../../client/read.ts";
import { A2UI_PAGES, MAX_ACTION_CHARS } from "./canvas_limits.ts";
import type { A2uiVersion, PresentedPage, UserAction } from "./canvas_model.ts";

export const isVersion = (value: unknown): value is A2uiVersion => A2UI_PAGES.some((known) => known === value);

export function readPage(value: unknown): PresentedPage | undefined {
  const page = fields(value);
  const { kind, path, url, version } = page;
  if (kind === "path" && typeof path === "string") return { kind, path: path.replace(/^\/+/, "") };
  if (kind === "url" && typeof url === "string" && webAddress(url)) return { kind, url };
  if (kind === "a2ui" && isVersion(version)) return { kind, version };
  return undefined;
}

/** An http(s) address as the browser reads it; anything else must never be opened. */
export function webAddress(raw: unknown): URL | undefined {
  if (typeof raw !== "string" || raw.length > 4_096) return undefined;
  try {
    const url = new URL(raw);
    return url.protocol === "https:" || url.protocol === "http:" ? url : undefined;
  } catch {
    return undefined;
  }
}

/** The address of the canvas host without a slash at its end; undefined for anything that is no such address. */
export function surfaceAddress(raw: string | undefined): string | undefined {
  const url = webAddress(raw);
  return url === undefined || url.search || url.hash ? undefined : url.href.replace(/\/+$/, "");
}

const message = (value: unknown): Fields | undefined => isFields(value) ? value : undefined;

export interface CanvasAnswer {
  readonly revision: number;
  readonly page: PresentedPage | undefined;
  readonly surfaces: { readonly version: A2uiVersion; readonly messages: readonly Fields[] } | undefined;
}

/** The answer of canvas.get. */
export function readCanvas(payload: unknown): CanvasAnswer {
  const state = fields(payload);
  const a2ui = fields(state["a2ui"]);
  const version = a2ui["version"];
  return {
    revision: number(state["revision"]) ?? 0,
    page: readPage(state["page"]),
    surfaces: isVersion(version) ? { version, messages: each(a2ui["messages"], message) } : undefined,
  };
}

export type CanvasNews =
  | { readonly kind: "present"; readonly page: PresentedPage }
  | { readonly kind: "hide" | "reset" }
  | { readonly kind: "a2ui"; readonly version: A2uiVersion; readonly messages: readonly Fields[] };

export interface CanvasEvent {
  readonly sessionKey: string;
  readonly revision: number;
  /** Undefined: a change that this page does not know, which means reading the whole anew. */
  readonly news: CanvasNews | undefined;
}

export function readCanvasEvent(payload: unknown): CanvasEvent | undefined {
  const p = fields(payload);
  const sessionKey = word(p["sessionKey"]);
  const revision = number(p["revision"]);
  if (sessionKey === undefined || revision === undefined) return undefined;
  return { sessionKey, revision, news: readNews(fields(p["change"])) };
}

function readNews(change: Fields): CanvasNews | undefined {
  const { kind, version } = change;
  if (kind === "hide" || kind === "reset") return { kind };
  if (kind === "present") {
    const page = readPage(change["page"]);
    return page && { kind, page };
  }
  if (kind !== "a2ui" || !isVersion(version)) return undefined;
  return { kind, version, messages: each(change["messages"], message) };
}

/** What a frame may tell us (bridge of the canvas host). */
export type FrameMessage =
  | { readonly type: "ready" }
  | { readonly type: "result"; readonly id: string; readonly ok: boolean; readonly error: string }
  | { readonly type: "userAction"; readonly action: UserAction }
  | { readonly type: "openUrl"; readonly url: URL };

export function readFrameMessage(data: unknown): FrameMessage | undefined {
  if (!isFields(data) || data["openclaw"] !== 1) return undefined;
  switch (data["type"]) {
    case "ready":
      return { type: "ready" };
    case "result":
      return readResult(data);
    case "userAction": {
      const action = readAction(data["action"]);
      return action && { type: "userAction", action };
    }
    case "openUrl": {
      const url = webAddress(data["url"]);
      return url && { type: "openUrl", url };
    }
    default:
      return undefined;
  }
}

function readResult(data: Fields): FrameMessage | undefined {
  const id = word(data["id"]);
  if (id === undefined) return undefined;
  const value = fields(data["value"]);
  const ok = data["ok"] === true && value["ok"] !== false;
  const said = text(data["error"]) ?? text(fields(data["error"])["message"]) ?? text(value["error"]) ?? "";
  return { type: "result", id, ok, error: said.slice(0, 300) };
}

const short = (value: unknown, max: number): string | undefined =>
  typeof value === "string" && value.length <= max ? value : undefined;

/** An action in the form of the schema, with nothing else in it; undefined when it is not one or is too large. */
export function readAction(value: unknown): UserAction | undefined {
  const action = fields(value);
  const name = word(short(action["name"], 128));
  if (name === undefined) return undefined;
  const context = plainObject(action["context"]);
  if (action["context"] !== undefined && context === undefined) return undefined;
  const id = word(short(action["id"], 128));
  const surfaceId = short(action["surfaceId"], 128);
  const sourceComponentId = short(action["sourceComponentId"], 128);
  const timestamp = short(action["timestamp"], 64);
  return {
    name,
    ...(id === undefined ? {} : { id }),
    ...(surfaceId === undefined ? {} : { surfaceId }),
    ...(sourceComponentId === undefined ? {} : { sourceComponentId }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(context === undefined ? {} : { context }),
  };
}

/** A copy that holds JSON and nothing else: a cloned message can hold maps, cycles and big numbers. */
function plainObject(value: unknown): Record<string, unknown> | undefined {
  if (!isFields(value) || list(value).length) return undefined;
  try {
    const json = JSON.stringify(value);
    const copy: unknown = json.length <= MAX_ACTION_CHARS ? JSON.parse(json) : undefined;
    return isFields(copy) ? { ...copy } : undefined;
  } catch {
    return undefined;
  }
}
