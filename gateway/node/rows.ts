/** The table `nodes`: what the owner decided about each node, as typed rows. */
import { Open, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import type { Db, Row } from "../storage/db.ts";
import type { NodeAbout } from "./about.ts";

export interface NodeRow {
  readonly nodeId: string;
  readonly about: NodeAbout;
  /** The name that the owner gave it. */
  readonly renamed: string | undefined;
  readonly caps: readonly string[];
  readonly commands: readonly string[];
  /** Dangerous commands that are on. */
  readonly allowed: readonly string[];
  readonly approved: boolean;
  readonly createdAtMs: number;
  readonly approvedAtMs: number | undefined;
  readonly lastConnectedAtMs: number | undefined;
  readonly lastSeenAtMs: number | undefined;
}

const isNames = checker(Type.Array(Type.String())).is;
const isTexts = checker(Type.Record(Type.String(), Type.String())).is;
const isBlob = checker(Open({ token_hash: Type.Any() })).is;

export class NodeRows {
  constructor(private readonly db: Db) {}

  get(nodeId: string): NodeRow | undefined {
    const row = this.db.get("SELECT * FROM nodes WHERE node_id = ?", nodeId);
    return row && nodeRow(row);
  }

  all(): NodeRow[] {
    return this.db.all("SELECT * FROM nodes ORDER BY created_at, node_id").map(nodeRow);
  }

  /** Writes everything but the token and the two times of its connections. */
  put(row: Omit<NodeRow, "lastConnectedAtMs" | "lastSeenAtMs">): void {
    const { nodeId, about, renamed, caps, commands, allowed, approved, createdAtMs, approvedAtMs } = row;
    this.db.run(
      `INSERT INTO nodes (node_id, about, renamed, caps, commands, allowed, approved, created_at, approved_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (node_id) DO UPDATE SET about = excluded.about, renamed = excluded.renamed, caps = excluded.caps,
         commands = excluded.commands, allowed = excluded.allowed, approved = excluded.approved,
         approved_at = excluded.approved_at`,
      nodeId,
      JSON.stringify(about),
      renamed ?? null,
      JSON.stringify(caps),
      JSON.stringify(commands),
      JSON.stringify(allowed),
      approved ? 1 : 0,
      createdAtMs,
      approvedAtMs ?? null,
    );
  }

  remove(nodeId: string): boolean {
    return this.db.run("DELETE FROM nodes WHERE node_id = ?", nodeId) > 0;
  }

  setTokenHash(nodeId: string, hash: Uint8Array): void {
    this.db.run("UPDATE nodes SET token_hash = ? WHERE node_id = ?", hash, nodeId);
  }

  tokenHash(nodeId: string): Uint8Array | undefined {
    const row = this.db.get("SELECT token_hash FROM nodes WHERE node_id = ?", nodeId);
    return isBlob(row) && row.token_hash instanceof Uint8Array ? row.token_hash : undefined;
  }

  /** Notes a connection, or its end, of a node that has a row. */
  seen(nodeId: string, now: number, connected: boolean): void {
    this.db.run("UPDATE nodes SET last_seen_at = ? WHERE node_id = ?", now, nodeId);
    if (connected) this.db.run("UPDATE nodes SET last_connected_at = ? WHERE node_id = ?", now, nodeId);
  }
}

function nodeRow(row: Row): NodeRow {
  const about: unknown = JSON.parse(String(row["about"]));
  return {
    nodeId: String(row["node_id"]),
    about: isTexts(about) ? about : {},
    renamed: text(row["renamed"]),
    caps: names(row["caps"]),
    commands: names(row["commands"]),
    allowed: names(row["allowed"]),
    approved: row["approved"] === 1,
    createdAtMs: Number(row["created_at"]),
    approvedAtMs: time(row["approved_at"]),
    lastConnectedAtMs: time(row["last_connected_at"]),
    lastSeenAtMs: time(row["last_seen_at"]),
  };
}

function names(value: unknown): string[] {
  const parsed: unknown = JSON.parse(String(value));
  return isNames(parsed) ? parsed : [];
}

const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined;
const time = (value: unknown): number | undefined => typeof value === "number" ? value : undefined;
