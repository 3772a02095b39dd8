/**
 * The script that the canvas host puts into every page (canvas facts, section 3): the documented names, the native and the
 * parent's bridge, live reload. A classic script without imports at run time: pages are written by others.
 */
import { followLinks } from "./links.ts";
import { postToNative } from "./native.ts";
import { ParentBridge } from "./parent.ts";
import { reloadOnChange } from "./reload.ts";

/** What stands in a page as `OpenClaw`, and its functions as globals of their own. */
export interface OpenClawNames {
  /** Posts JSON (text or object) to the app or page that shows this one. False: nobody is there. */
  postMessage(payload: unknown): boolean;
  /** Sends what a person did; gives it an id when it has none. */
  sendUserAction(action: unknown): boolean;
  /** Asks to open an http(s) address elsewhere; the person is asked first. */
  openUrl(url: string): boolean;
  /** Whether somebody listens now. */
  readonly connected: boolean;
}

const script = document.currentScript;
const base = script instanceof HTMLScriptElement && script.src !== "" ? script.src : location.href;
const parent = new ParentBridge(base);

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function postMessage(payload: unknown): boolean {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  if (typeof text !== "string") return false;
  return postToNative(text) || parent.postAction(text);
}

function sendUserAction(action: unknown): boolean {
  const given = isFields(action) ? action : {};
  const id = typeof given["id"] === "string" && given["id"] !== "" ? given["id"] : newId();
  return postMessage({ userAction: { ...given, id } });
}

/** `randomUUID` is missing on pages that a browser does not trust, such as plain HTTP in a local network. */
const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

const names: OpenClawNames = {
  postMessage,
  sendUserAction,
  openUrl: (url) => parent.openUrl(url),
  get connected() {
    return parent.connected || postToNative(undefined);
  },
};

Object.assign(globalThis, {
  OpenClaw: names,
  openclawPostMessage: postMessage,
  openclawSendUserAction: sendUserAction,
});
parent.start();
if (parent.framed) followLinks((url) => parent.openUrl(url));
if (script instanceof HTMLScriptElement && script.dataset["reload"] !== undefined) reloadOnChange(base);
