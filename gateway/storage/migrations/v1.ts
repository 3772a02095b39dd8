/** Schema 1: devices, sessions, transcripts, runs, idempotency. JSON columns hold values checked at the border. */
import type { Migration } from "./mod.ts";

export const v1: Migration = {
  name: "first schema",
  sql: `
-- Values with one row each, such as the boot counter.
CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- Paired devices. roles and scopes: JSON arrays of what an owner approved.
CREATE TABLE devices (
  device_id TEXT PRIMARY KEY,
  public_key TEXT NOT NULL,
  display_name TEXT, platform TEXT, device_family TEXT, client_id TEXT, client_mode TEXT, remote_ip TEXT,
  role TEXT NOT NULL,
  roles TEXT NOT NULL,
  scopes TEXT NOT NULL,
  approved_via TEXT NOT NULL,
  created_at INTEGER NOT NULL, approved_at INTEGER NOT NULL, last_seen_at INTEGER
) STRICT;

-- One token a device and role. Only SHA-256 hashes of its values are kept. older_hashes: JSON array of values that
-- still stand because another process of the same device may hold them (gateway/auth/device_tokens.ts).
CREATE TABLE device_tokens (
  device_id TEXT NOT NULL REFERENCES devices(device_id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  older_hashes TEXT NOT NULL DEFAULT '[]',
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL, rotated_at INTEGER, revoked_at INTEGER, last_used_at INTEGER,
  PRIMARY KEY (device_id, role)
) STRICT;

-- Devices that wait for approval, one a device; older than five minutes counts as gone.
CREATE TABLE pair_requests (
  request_id TEXT PRIMARY KEY,
  device_id TEXT NOT NULL UNIQUE,
  request TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

-- Sessions. entry: JSON with the per-session settings (thinking, model override, queue mode, label, counters).
CREATE TABLE sessions (
  key TEXT PRIMARY KEY,
  agent_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  label TEXT UNIQUE,
  entry TEXT NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_update ON sessions(updated_at DESC);
CREATE INDEX sessions_by_session_id ON sessions(session_id);

-- Transcripts, append-only. seq counts within a session id from 1. message: JSON, see schemas/message.ts.
CREATE TABLE transcript (
  session_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  entry_id TEXT NOT NULL,
  role TEXT NOT NULL,
  message TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (session_id, seq)
) STRICT, WITHOUT ROWID;

-- The run ledger. id is ours; run_id is the caller's idempotency key and unique only within method and principal.
-- state: queued, running, ok, error, aborted. final: JSON of the last response (ok, payload, error).
CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  run_id TEXT NOT NULL,
  method TEXT NOT NULL,
  principal TEXT NOT NULL,
  session_key TEXT NOT NULL,
  session_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  state TEXT NOT NULL,
  request TEXT NOT NULL,
  final TEXT,
  accepted_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER
) STRICT;
CREATE UNIQUE INDEX runs_by_key ON runs(method, principal, run_id);
CREATE INDEX runs_by_run_id ON runs(run_id);
CREATE INDEX runs_open ON runs(state) WHERE state IN ('queued', 'running');
CREATE INDEX runs_by_end ON runs(ended_at) WHERE ended_at IS NOT NULL;

-- Answers of side-effecting calls, kept for the idempotency time. state: in_flight or done.
CREATE TABLE idempotency (
  method TEXT NOT NULL,
  principal TEXT NOT NULL,
  key TEXT NOT NULL,
  state TEXT NOT NULL,
  answer TEXT,
  ts INTEGER NOT NULL,
  PRIMARY KEY (method, principal, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_ts ON idempotency(ts);
`,
};
