/** Strangers who ask to be let in, the codes they are known by, and those whom the owner approved (pairing facts, section 4). */
import { createHash, randomInt } from "node:crypto";
import type { Sender } from "../../schemas/worker/content.ts";
import type { Clock } from "../observe/clock.ts";
import type { Db, Row } from "../storage/db.ts";

/** No 0, O, 1 and I: a code is read aloud and typed on phones. */
export const CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
export const CODE_LENGTH = 8;
export const CODE_TTL_MS = 60 * 60_000;
/** Requests that may wait in one account; a stranger beyond them gets no code and no answer. */
export const MAX_PENDING = 3;
const MAX_TRIES = 500;
const MAX_NAME = 120;
const MAX_PREVIEW = 80;

export interface SenderRequest {
  /** Names the request to the owner; tells nothing of the code. */
  readonly requestId: string;
  readonly channel: string;
  readonly accountId: string;
  readonly senderId: string;
  readonly code: string;
  readonly name: string | undefined;
  /** The beginning of what the stranger wrote, for the owner's eyes alone. */
  readonly preview: string | undefined;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
}

/** Which request is meant: its id, or its code in any case. `accountId` undefined: any account. */
export interface RequestChoice {
  readonly channel: string;
  readonly accountId: string | undefined;
  readonly wanted: string;
}

export interface SenderPairing {
  /**
   * Notes that a stranger wrote. `created` false: the request was there and keeps its code. Undefined: too many wait
   * already. Joins the caller's transaction.
   */
  request(
    channel: string,
    accountId: string,
    sender: Pick<Sender, "id" | "name">,
    preview: string,
  ): { readonly request: SenderRequest; readonly created: boolean } | undefined;
  /** Requests that are not over, oldest first. */
  list(channel?: string, accountId?: string): readonly SenderRequest[];
  /** Moves the sender to the approved ones. Undefined: there is no such request. */
  approve(choice: RequestChoice): SenderRequest | undefined;
  /** Forgets the request; the sender may ask again. */
  dismiss(choice: RequestChoice): SenderRequest | undefined;
  /** Ids that the owner approved for this account. */
  approved(channel: string, accountId: string): readonly string[];
  /** Takes an approval back. Returns whether there was one. */
  revoke(channel: string, accountId: string, senderId: string): boolean;
}

export interface SenderPairingDeps {
  readonly db: Db;
  readonly clock: Clock;
  /** A number from 0 below `max`; secure. For tests. */
  readonly random?: (max: number) => number;
}

export function createSenderPairing({ db, clock, random = (max) => randomInt(max) }: SenderPairingDeps): SenderPairing {
  const prune = () => db.run("DELETE FROM sender_requests WHERE created_at <= ?", clock.now() - CODE_TTL_MS);
  const list: SenderPairing["list"] = (channel, accountId) => {
    prune();
    return db.all(SELECT, channel ?? null, accountId ?? null).map(toRequest);
  };
  const find = ({ channel, accountId, wanted }: RequestChoice): SenderRequest | undefined =>
    list(channel, accountId).find(({ requestId, code }) => requestId === wanted || code === wanted.toUpperCase());
  const remove = ({ channel, accountId, senderId }: SenderRequest) => db.run(DELETE, channel, accountId, senderId);

  return {
    list,
    request(channel, accountId, sender, preview) {
      return db.transaction(() => {
        const pending = list(channel, accountId);
        const now = clock.now();
        const known = pending.some(({ senderId }) => senderId === sender.id);
        if (!known && pending.length >= MAX_PENDING) return undefined;
        db.run(
          UPSERT,
          channel,
          accountId,
          sender.id,
          newCode(new Set(list().map(({ code }) => code)), random),
          cut(sender.name, MAX_NAME),
          cut(preview, MAX_PREVIEW),
          now,
          now,
        );
        const request = list(channel, accountId).find(({ senderId }) => senderId === sender.id);
        return request && { request, created: !known };
      });
    },
    approve(choice) {
      return db.transaction(() => {
        const request = find(choice);
        if (!request) return undefined;
        const { channel, accountId, senderId } = request;
        remove(request);
        // `*` as an id would open the account to everybody.
        if (senderId !== "*") db.run(APPROVE, channel, accountId, senderId, clock.now());
        return request;
      });
    },
    dismiss(choice) {
      return db.transaction(() => {
        const request = find(choice);
        if (request) remove(request);
        return request;
      });
    },
    approved: (channel, accountId) =>
      db.all("SELECT sender FROM allowed_senders WHERE channel = ? AND account = ?", channel, accountId)
        .map((row) => String(row["sender"])),
    revoke: (channel, accountId, senderId) =>
      db.run(
        "DELETE FROM allowed_senders WHERE channel = ? AND account = ? AND sender = ?",
        channel,
        accountId,
        senderId,
      ) >
        0,
  };
}

const SELECT = "SELECT * FROM sender_requests WHERE (?1 IS NULL OR channel = ?1) AND (?2 IS NULL OR account = ?2) " +
  "ORDER BY created_at, sender";
const DELETE = "DELETE FROM sender_requests WHERE channel = ? AND account = ? AND sender = ?";
const UPSERT =
  "INSERT INTO sender_requests (channel, account, sender, code, name, preview, created_at, last_seen_at) " +
  "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (channel, account, sender) DO UPDATE SET " +
  "name = COALESCE(excluded.name, name), last_seen_at = excluded.last_seen_at";
const APPROVE = "INSERT INTO allowed_senders (channel, account, sender, approved_at) VALUES (?, ?, ?, ?) " +
  "ON CONFLICT DO NOTHING";

function newCode(taken: ReadonlySet<string>, random: (max: number) => number): string {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const code = Array.from({ length: CODE_LENGTH }, () => CODE_ALPHABET.charAt(random(CODE_ALPHABET.length))).join("");
    if (!taken.has(code)) return code;
  }
  throw new Error(`Cannot make a pairing code: ${MAX_TRIES} attempts gave none that is free`);
}

const cut = (text: string | undefined, max: number): string | null => {
  const line = text?.replaceAll(/[\s\p{Cc}]+/gu, " ").trim().slice(0, max) ?? "";
  return line === "" ? null : line;
};

function toRequest(row: Row): SenderRequest {
  const createdAt = Number(row["created_at"]);
  const channel = String(row["channel"]);
  const accountId = String(row["account"]);
  const senderId = String(row["sender"]);
  return {
    requestId: requestIdOf(channel, accountId, senderId, createdAt),
    channel,
    accountId,
    senderId,
    code: String(row["code"]),
    name: row["name"] === null ? undefined : String(row["name"]),
    preview: row["preview"] === null ? undefined : String(row["preview"]),
    createdAt,
    lastSeenAt: Number(row["last_seen_at"]),
    expiresAt: createdAt + CODE_TTL_MS,
  };
}

/** Derived, so that it is the same after a restart and another one when the sender asks again later. */
const requestIdOf = (channel: string, accountId: string, senderId: string, createdAt: number): string =>
  createHash("sha256").update([channel, accountId, senderId, createdAt].join("\0")).digest("hex").slice(0, 16);
