/** Wire payloads of channels to the page's own data. What makes no sense is left out. */
import { each, type Fields, fields, number, text, word, words } from "../../client/read.ts";
import {
  accountKey,
  type ChannelAccount,
  type ChannelOffer,
  HELD_STATES,
  type HeldMessage,
  type LoginField,
  type LoginFlow,
  type LoginStep,
  type SenderRequest,
} from "./channels_model.ts";

const NAMES = ["name", "displayName", "username", "phone", "id"] as const;

function account(channel: string, value: unknown): ChannelAccount | undefined {
  const row = fields(value);
  const accountId = word(row["accountId"]);
  if (accountId === undefined) return undefined;
  const self = fields(row["self"]);
  return {
    key: accountKey(channel, accountId),
    channel,
    accountId,
    name: word(row["name"]),
    state: word(row["state"]) ?? (row["connected"] === true ? "connected" : "stopped"),
    sentence: word(row["sentence"]) ?? word(row["lastError"]) ?? "",
    since: number(row["since"]),
    nextRetryAt: number(row["nextRetryAt"]),
    userAction: word(row["userAction"]),
    self: NAMES.map((name) => word(self[name])).find((name) => name !== undefined),
    permissions: words(row["permissions"]),
    foreignAddresses: words(row["foreignAddresses"]),
  };
}

function flow(value: unknown): LoginFlow | undefined {
  const id = word(fields(value)["id"]);
  return id === undefined ? undefined : { id, label: word(fields(value)["label"]) ?? id };
}

export interface ChannelList {
  readonly ts: number | undefined;
  readonly offers: readonly ChannelOffer[];
  readonly accounts: readonly ChannelAccount[];
}

/** The answer of channels.status, in the gateway's order. */
export function readChannels(payload: unknown): ChannelList {
  const p = fields(payload);
  const labels = fields(p["channelLabels"]);
  const channels = fields(p["channels"]);
  const rows = fields(p["channelAccounts"]);
  const order = words(p["channelOrder"]);
  return {
    ts: number(p["ts"]),
    offers: order.map((id) => {
      const channel = fields(channels[id]);
      return {
        id,
        label: word(labels[id]) ?? id,
        login: each(channel["login"], flow),
        personal: channel["personal"] === true,
      };
    }),
    accounts: order.flatMap((id) => each(rows[id], (row) => account(id, row))),
  };
}

const time = (value: unknown): number => {
  const at = Date.parse(text(value) ?? "");
  return Number.isNaN(at) ? 0 : at;
};

function request(value: unknown): SenderRequest | undefined {
  const row = fields(value);
  const requestId = word(row["requestId"]);
  const channel = word(row["channel"]);
  const accountId = word(row["accountId"]);
  if (requestId === undefined || channel === undefined || accountId === undefined) return undefined;
  const senderId = word(row["senderId"]) ?? "";
  return {
    requestId,
    channel,
    accountId,
    senderId,
    name: word(row["senderLabel"]) ?? senderId,
    preview: word(fields(row["metadata"])["preview"]),
    createdAt: time(row["createdAt"]),
    expiresAt: time(row["expiresAt"]),
  };
}

export const readRequests = (payload: unknown): SenderRequest[] => each(fields(payload)["requests"], request);

function held(value: unknown): HeldMessage | undefined {
  const row = fields(value);
  const id = word(row["id"]);
  const state = HELD_STATES.find((one) => one === row["state"]);
  if (id === undefined || state === undefined) return undefined;
  return {
    id,
    state,
    channel: word(row["channel"]) ?? "",
    accountId: word(row["accountId"]) ?? "",
    chatId: word(row["chatId"]) ?? "",
    error: word(row["error"]),
    possibleDuplicate: row["possibleDuplicate"] === true,
    preview: text(row["preview"]) ?? "",
    updatedAt: number(row["updatedAt"]) ?? 0,
  };
}

export const readHeld = (payload: unknown): HeldMessage[] => each(fields(payload)["messages"], held);

function field(value: unknown): LoginField | undefined {
  const f = fields(value);
  const name = word(f["name"]);
  return name === undefined ? undefined : { name, label: word(f["label"]) ?? name, secret: f["secret"] === true };
}

function step(value: Fields): LoginStep | undefined {
  switch (value["kind"]) {
    case "show":
      return {
        kind: "show",
        what: word(value["what"]) ?? "code",
        value: text(value["value"]) ?? "",
        expiresAt: number(value["expiresAt"]),
      };
    case "input":
      return { kind: "input", fields: each(value["fields"], field) };
    default:
      return value["kind"] === undefined ? undefined : { kind: "wait" };
  }
}

export interface LoginProgress {
  readonly message: string;
  readonly step: LoginStep | undefined;
  readonly end: "done" | "failed" | undefined;
  readonly qr: string | undefined;
  readonly count: number;
}

/** The answer of web.login.start and web.login.wait. */
export function readLogin(payload: unknown): LoginProgress {
  const p = fields(payload);
  const own = fields(p["step"]);
  const qr = word(p["qrDataUrl"]);
  const kind = own["kind"];
  return {
    message: word(p["message"]) ?? "",
    step: step(own),
    end: p["connected"] === true || kind === "done" ? "done" : kind === "failed" ? "failed" : undefined,
    // Only a picture from memory may come into the page, whatever the payload says.
    qr: qr?.startsWith("data:image/png;base64,") ? qr : undefined,
    count: number(p["count"]) ?? 0,
  };
}
