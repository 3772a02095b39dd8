/** Schema 3: what nodes may do, what screens show. */
import type { Migration } from "./mod.ts";

export const v3: Migration = {
  name: "nodes",
  sql: `
-- What an owner approved of a node. commands, caps: JSON lists. allowed: dangerous commands that are on. token_hash: of the
-- token that node.pair.approve gave out once.
CREATE TABLE nodes (
  node_id TEXT PRIMARY KEY,
  about TEXT NOT NULL,
  renamed TEXT,
  caps TEXT NOT NULL, commands TEXT NOT NULL, allowed TEXT NOT NULL,
  token_hash BLOB,
  approved INTEGER NOT NULL,
  created_at INTEGER NOT NULL, approved_at INTEGER,
  last_connected_at INTEGER, last_seen_at INTEGER
) STRICT, WITHOUT ROWID;

-- What a screen shows. screen: node:<id> or chat:<session key>. state: JSON of CanvasState.
CREATE TABLE screens (
  screen TEXT PRIMARY KEY, state TEXT NOT NULL, updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX screens_by_time ON screens(updated_at);
`,
};
