/** The bridges of the native apps, tried in the order of canvas facts, section 3. */

const NAME = "openclawCanvasA2UIAction";

/** Hands `text` to an app; without a text only says whether there is one. False when there is none. */
export function postToNative(text: string | undefined): boolean {
  const handlers = member(member(globalThis, "webkit"), "messageHandlers");
  return post(member(handlers, NAME), text) || post(member(globalThis, NAME), text);
}

function post(bridge: unknown, text: string | undefined): boolean {
  const send = member(bridge, "postMessage");
  if (typeof send !== "function") return false;
  try {
    // As a method: Android's bridge refuses a call without its object.
    if (text !== undefined) Reflect.apply(send, bridge, [text]);
    return true;
  } catch {
    return false;
  }
}

function member(value: unknown, key: string): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  return Reflect.get(value, key);
}
