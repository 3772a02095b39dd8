/** Schema 2: inbox, outbox, what happened to each message, access of senders, keys and cursors of channels. */
import type { Migration } from "./mod.ts";

export const v2: Migration = {
  name: "delivery",
  sql: `
-- What came in. A row is committed before the platform hears of it. dedupe_key: unique within an account for all time.
-- state: received (to be processed), history (kept as context of a group), ignored, refused, accepted (a run has it), done.
CREATE TABLE inbox (
  id TEXT PRIMARY KEY,
  channel TEXT NOT NULL, account TEXT NOT NULL, dedupe_key TEXT NOT NULL,
  chat_id TEXT NOT NULL, sender_id TEXT NOT NULL, message_id TEXT,
  event TEXT NOT NULL,
  state TEXT NOT NULL, reason TEXT,
  session_key TEXT, run_id TEXT,
  received_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX inbox_once ON inbox(channel, account, dedupe_key);
CREATE INDEX inbox_open ON inbox(state) WHERE state IN ('received', 'accepted');
CREATE INDEX inbox_by_chat ON inbox(channel, account, chat_id, received_at);
CREATE INDEX inbox_by_time ON inbox(received_at);
CREATE INDEX inbox_by_message ON inbox(message_id);
CREATE INDEX inbox_by_run ON inbox(run_id) WHERE run_id IS NOT NULL;
CREATE INDEX inbox_history ON inbox(channel, account, chat_id, received_at) WHERE state = 'history';

-- What goes out, one row a platform message. state: queued, attempting, sent, failed, unknown, expired, dropped.
-- class: reply, send, notice, or draft: what shows an answer while it grows (its part is that of the answer). part counts within group_id; a part is sent only after the one before it.
-- unresolved: the answer to some attempt was lost, so a give-up must not claim that nothing was sent.
CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  class TEXT NOT NULL,
  channel TEXT NOT NULL, account TEXT NOT NULL, chat_id TEXT NOT NULL,
  group_id TEXT NOT NULL, part INTEGER NOT NULL,
  message TEXT NOT NULL,
  media BLOB,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  idempotency_key TEXT NOT NULL, first_attempt_at INTEGER,
  inbox_id TEXT, run_id TEXT, session_key TEXT,
  receipt TEXT, error TEXT,
  possible_duplicate INTEGER NOT NULL DEFAULT 0,
  unresolved INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX outbox_once ON outbox(group_id, part);
CREATE INDEX outbox_due ON outbox(channel, account, next_attempt_at) WHERE state IN ('queued', 'attempting');
CREATE INDEX outbox_by_run ON outbox(run_id);
CREATE INDEX outbox_by_inbox ON outbox(inbox_id);
CREATE INDEX outbox_held ON outbox(updated_at) WHERE state IN ('unknown', 'failed', 'expired');

-- Every step and decision of one message, for openclaw explain. subject: an inbox id, outbox id or run id.
CREATE TABLE trail (
  subject TEXT NOT NULL, seq INTEGER NOT NULL,
  at INTEGER NOT NULL, step TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY (subject, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX trail_by_time ON trail(at);

-- How often messages were refused and why.
CREATE TABLE refusals (
  channel TEXT NOT NULL, account TEXT NOT NULL, reason TEXT NOT NULL,
  count INTEGER NOT NULL, last_at INTEGER NOT NULL,
  PRIMARY KEY (channel, account, reason)
) STRICT, WITHOUT ROWID;

-- Strangers who asked to be let in. code: eight characters, valid for an hour.
CREATE TABLE sender_requests (
  channel TEXT NOT NULL, account TEXT NOT NULL, sender TEXT NOT NULL,
  code TEXT NOT NULL, name TEXT, preview TEXT,
  created_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL,
  PRIMARY KEY (channel, account, sender)
) STRICT, WITHOUT ROWID;

-- Senders that an owner approved, beside the allow lists of the configuration.
CREATE TABLE allowed_senders (
  channel TEXT NOT NULL, account TEXT NOT NULL, sender TEXT NOT NULL, approved_at INTEGER NOT NULL,
  PRIMARY KEY (channel, account, sender)
) STRICT, WITHOUT ROWID;

-- Keys that a provider keeps with us. value: encrypted with a key that the worker never sees.
CREATE TABLE channel_keys (
  channel TEXT NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY (channel, account, kind, id)
) STRICT, WITHOUT ROWID;

-- A provider's cursor and the like: JSON, without secrets.
CREATE TABLE channel_saved (
  channel TEXT NOT NULL, account TEXT NOT NULL, saved TEXT NOT NULL,
  PRIMARY KEY (channel, account)
) STRICT, WITHOUT ROWID;
`,
};
