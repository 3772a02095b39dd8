/** The A2UI page behind the bridge: its global `openclawA2UI`, as native nodes call it (canvas facts, section 4). */

/** Undefined on every other page. */
export function a2uiVersion(): "v0.8" | "v0.9" | undefined {
  if (host() === undefined) return undefined;
  return /0[._]9/u.test(new URLSearchParams(location.search).get("v") ?? "") ? "v0.9" : "v0.8";
}

/** `{ok, surfaces}` of the renderer; throws its error when it could not do it. */
export function applyA2ui(messages: unknown): unknown {
  if (!Array.isArray(messages)) throw new Error("messages must be a list");
  return call("applyMessages", [messages]);
}

export const resetA2ui = (): unknown => call("reset", []);

function call(name: string, parameters: unknown[]): unknown {
  const there = host();
  const method: unknown = there === undefined ? undefined : Reflect.get(there, name);
  if (typeof method !== "function") throw new Error("this page shows no A2UI");
  const result: unknown = Reflect.apply(method, there, parameters);
  // The renderer says by its value that it could not; whoever asked hears of it as of any other failure.
  if (isFields(result) && result["ok"] === false) {
    throw new Error(String(result["error"] ?? "the surfaces cannot be shown"));
  }
  return result;
}

const isFields = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function host(): object | undefined {
  const value: unknown = Reflect.get(globalThis, "openclawA2UI");
  return typeof value === "object" && value !== null ? value : undefined;
}
