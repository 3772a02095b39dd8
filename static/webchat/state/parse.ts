/** Wire payloads to the page's own data. A payload that makes no sense becomes undefined and is left out. */
import { each, type Fields, fields, isFields, list, number, text, word, words } from "../../client/read.ts";
import { withoutActionForm } from "./action_text.ts";
import { spoken } from "../../markdown/sentences.ts";
import type { Entry, PairedDevice, Part, PendingDevice, SessionRow } from "./model.ts";

function part(value: unknown): Part | undefined {
  const p = fields(value);
  switch (p["type"]) {
    case "text":
      return { type: "text", text: text(p["text"]) ?? "" };
    case "thinking":
      return { type: "thinking", text: text(p["thinking"]) ?? "" };
    case "image":
      return { type: "image", mimeType: word(p["mimeType"]) ?? "image/png", data: text(p["data"]) ?? "" };
    case "toolCall":
      return { type: "tool", id: word(p["id"]) ?? "", name: word(p["name"]) ?? "tool", args: p["arguments"] };
    default:
      return undefined;
  }
}

const ROLES = new Set(["user", "assistant", "toolResult", "system"]);
const isRole = (value: unknown): value is Entry["role"] => typeof value === "string" && ROLES.has(value);

/** A transcript message. `place` says where it stands; chat.history puts it into the message itself. */
export function readEntry(
  value: unknown,
  place: { readonly id?: string; readonly seq?: number } = {},
): Entry | undefined {
  const m = fields(value);
  const own = fields(m["__openclaw"]);
  const role = m["role"];
  const seq = place.seq ?? number(own["seq"]);
  if (!isRole(role) || seq === undefined) return undefined;
  const content = m["content"];
  return {
    id: place.id ?? word(own["id"]) ?? `#${seq}`,
    seq,
    role,
    runId: word(m["runId"]) ?? word(own["runId"]),
    parts: typeof content === "string" ? [{ type: "text", text: content }] : each(content, part),
    timestamp: number(m["timestamp"]) ?? 0,
    // A run that someone stopped carries a message, too; that is no failure.
    error: m["stopReason"] === "aborted" ? undefined : word(m["errorMessage"]),
    stopReason: word(m["stopReason"]),
    model: word(m["model"]),
    toolCallId: word(m["toolCallId"]),
    isError: m["isError"] === true,
  };
}

export interface InFlight {
  readonly runId: string;
  readonly queued: boolean;
  readonly text: string;
  readonly seq: number;
  readonly startedAt: number | undefined;
  readonly question: string | undefined;
}

export interface History {
  readonly sessionId: string | undefined;
  readonly entries: readonly Entry[];
  readonly inFlight: readonly InFlight[];
  readonly hasMore: boolean;
}

function inFlight(value: unknown): InFlight | undefined {
  const run = fields(value);
  const runId = word(run["runId"]);
  if (runId === undefined) return undefined;
  const message = isFields(run["message"]) ? readEntry(run["message"], { id: "", seq: 0 }) : undefined;
  return {
    runId,
    queued: run["state"] === "queued",
    text: text(run["text"]) ?? "",
    seq: number(run["seq"]) ?? 0,
    startedAt: number(run["startedAt"]),
    question: message?.role === "user" ? plainText(message.parts) : undefined,
  };
}

/** The answer of chat.history. Without our `__openclaw.seq` the place in the list stands in for it. */
export function readHistory(payload: unknown): History {
  const h = fields(payload);
  let index = 0;
  const entries = each(h["messages"], (message) => {
    index += 1;
    return readEntry(message) ?? readEntry(message, { seq: index });
  });
  const first = entries[0]?.seq ?? 1;
  return {
    sessionId: word(h["sessionId"]),
    entries,
    inFlight: each(h["inFlight"], inFlight),
    hasMore: h["hasMore"] === true || first > 1,
  };
}

/** `provider/model`, as one configures it. */
function modelName(row: Fields): string | undefined {
  const model = word(row["model"]);
  const provider = word(row["modelProvider"]);
  return model && provider ? `${provider}/${model}` : model;
}

const listed = (value: unknown): string | undefined => {
  const line = word(value);
  return line && withoutActionForm(line);
};

function sessionRow(value: unknown): SessionRow | undefined {
  const row = fields(value);
  const key = word(row["key"]);
  if (key === undefined) return undefined;
  const active = row["hasActiveRun"] === true || list(row["activeRunIds"]).length > 0;
  return {
    key,
    label: word(row["label"]),
    title: listed(row["derivedTitle"]) ?? word(row["displayName"]),
    preview: spoken(listed(row["lastMessagePreview"]) ?? "") || undefined,
    channel: word(row["lastChannel"]) ?? word(row["channel"]),
    updatedAt: number(row["updatedAt"]) ?? 0,
    model: modelName(row),
    running: active,
  };
}

export function readSessions(payload: unknown): { readonly rows: SessionRow[]; readonly model: string | undefined } {
  const p = fields(payload);
  return { rows: each(p["sessions"], sessionRow), model: modelName(fields(p["defaults"])) };
}

function pending(value: unknown): PendingDevice | undefined {
  const r = fields(value);
  const requestId = word(r["requestId"]);
  if (requestId === undefined) return undefined;
  const deviceId = word(r["deviceId"]) ?? "";
  return {
    requestId,
    deviceId,
    name: word(r["displayName"]) ?? word(r["clientId"]) ?? deviceId.slice(0, 8),
    platform: word(r["platform"]),
    address: word(r["remoteIp"]),
    role: word(r["role"]),
    scopes: words(r["scopes"]),
    ts: number(r["ts"]) ?? 0,
  };
}

function paired(value: unknown): PairedDevice | undefined {
  const d = fields(value);
  const deviceId = word(d["deviceId"]);
  if (deviceId === undefined) return undefined;
  return {
    deviceId,
    name: word(d["displayName"]) ?? word(d["clientId"]) ?? deviceId.slice(0, 8),
    platform: word(d["platform"]),
    lastSeenAt: number(d["lastSeenAtMs"]),
    connected: d["connected"] === true,
  };
}

export function readDevices(payload: unknown): { readonly pending: PendingDevice[]; readonly paired: PairedDevice[] } {
  const p = fields(payload);
  return { pending: each(p["pending"], pending), paired: each(p["paired"], paired) };
}

/** The text parts joined. */
export const plainText = (parts: readonly Part[]): string =>
  parts.map((p) => p.type === "text" ? p.text : "").filter((t) => t).join("\n\n");
