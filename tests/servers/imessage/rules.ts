/** What our strict imsg refuses: wrong requests, unknown keys, chats that are not there. */
import type { MacChat, World } from "./world.ts";

export class Refusal extends Error {
  constructor(readonly code: number, message: string) {
    super(message);
  }
}
const invalid = (reason: string): Refusal => new Refusal(-32602, `Invalid params: ${reason}`);

export interface Request {
  readonly id: number | string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Throws Refusal for what is no JSON-RPC 2.0 request. */
export function readRequest(line: string): Request {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    throw new Refusal(-32700, "Parse error");
  }
  const { jsonrpc, id, method, params } = recordOf(message);
  if (jsonrpc !== "2.0" || typeof method !== "string") throw new Refusal(-32600, "Invalid Request");
  if (typeof id !== "number" && typeof id !== "string") throw new Refusal(-32600, "Invalid Request: id");
  return { id, method, params: recordOf(params ?? {}) };
}

export function onlyKeys(params: Readonly<Record<string, unknown>>, keys: readonly string[]): void {
  const extra = Object.keys(params).find((key) => !keys.includes(key));
  if (extra !== undefined) throw invalid(`unknown key ${extra}`);
}

export interface Sending {
  readonly chat: MacChat;
  readonly text: string;
  readonly service: string;
}

/** Exactly one way to name the chat, text, and a service that there is. */
export function readSending(params: Readonly<Record<string, unknown>>, world: World): Sending {
  onlyKeys(params, ["chat_id", "chat_guid", "chat_identifier", "to", "text", "service", "region", "file"]);
  const ways = ["chat_id", "chat_guid", "chat_identifier", "to"].filter((key) => params[key] !== undefined);
  const [way] = ways;
  if (ways.length !== 1 || way === undefined) {
    throw invalid("one of chat_id, chat_guid, chat_identifier, to is required");
  }
  const { text, service = "auto", region = "US" } = params;
  if (typeof text !== "string" || text === "") throw invalid("text or file is required");
  if (!["auto", "imessage", "sms"].includes(String(service))) throw invalid("invalid service");
  if (!/^[A-Z]{2}$/u.test(String(region))) throw invalid("invalid region");
  const chat = way === "to"
    ? byHandle(params["to"], world)
    : world.chats.find((each) => matches(each, way, params[way]));
  if (!chat) throw invalid(`unknown chat ${way}`);
  return { chat, text, service: String(service) };
}

function byHandle(to: unknown, world: World): MacChat {
  if (typeof to !== "string" || !/^(?:\+?\d{3,15}|[^\s@]+@[^\s@]+)$/u.test(to)) throw invalid("invalid recipient");
  return world.direct(to);
}

const matches = (chat: MacChat, way: string, value: unknown): boolean =>
  way === "chat_id" ? chat.id === value : way === "chat_guid" ? chat.guid === value : chat.identifier === value;

const recordOf = (value: unknown): Record<string, unknown> => {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new Refusal(-32600, "Invalid Request");
};
