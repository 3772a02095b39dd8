/** What the page knows of the canvas beside the open chat: its page, its surfaces, what the person did there. */
import type { A2uiVersion, PresentedPage } from "../../../schemas/event/canvas.ts";
import type { UserAction } from "../../../schemas/method/canvas.ts";
import type { Fields } from "../../client/read.ts";
import type { Failure } from "./channels_model.ts";

export type { A2uiVersion, PresentedPage, UserAction };

export interface Surfaces {
  readonly version: A2uiVersion;
  /** In order; more are added at the end. */
  readonly messages: readonly Fields[];
  /** Counts fresh starts: a frame that drew another epoch begins anew. */
  readonly epoch: number;
}

export type ActionState = "pending" | "working" | "done" | "error";
/** One action of the person, from its click to the end of the agent's answer. */
export interface ActionView {
  readonly id: string;
  readonly state: ActionState;
  readonly runId: string | undefined;
  readonly error: string | undefined;
  readonly at: number;
}

export interface CanvasView {
  readonly sessionKey: string;
  readonly loaded: boolean;
  readonly revision: number;
  readonly page: PresentedPage | undefined;
  readonly surfaces: Surfaces | undefined;
  /** In front of the person, as opposed to behind its button. */
  readonly shown: boolean;
  /** It changed while it was behind its button. */
  readonly unseen: boolean;
  /** Where the canvas host is reached now; undefined when there is none. */
  readonly surfaceUrl: string | undefined;
  readonly failure: Failure | undefined;
  /** The latest at the end. */
  readonly actions: readonly ActionView[];
}

export const emptyCanvas: CanvasView = {
  sessionKey: "",
  loaded: false,
  revision: 0,
  page: undefined,
  surfaces: undefined,
  shown: false,
  unseen: false,
  surfaceUrl: undefined,
  failure: undefined,
  actions: [],
};

/** Our page that frames pages of the web: WebChat itself may frame nothing but the canvas host. */
export const WEB_FRAME = "/frame.html";

/** The address that a frame loads for a page; a page of the web comes through one of ours. */
export function frameUrl(surfaceUrl: string, page: PresentedPage): string {
  if (page.kind === "url") return WEB_FRAME;
  if (page.kind === "a2ui") return `${surfaceUrl}/__openclaw__/a2ui/?v=${page.version.slice(1)}`;
  const path = page.path.split("/").map(encodeURIComponent).join("/");
  return `${surfaceUrl}/__openclaw__/canvas/${path}`;
}

/** Whether the page holds the bridge script, which says that it is there. Pictures and texts do not. */
export function saysReady(page: PresentedPage): boolean {
  return page.kind !== "path" || /(^|\/)$|\.html?$/i.test(page.path) || !/\.[^/.]+$/.test(page.path);
}

/** What makes two pages the same frame. */
export const pageKey = (page: PresentedPage): string =>
  page.kind === "path" ? `path:${page.path}` : page.kind === "url" ? `url:${page.url}` : `a2ui:${page.version}`;
