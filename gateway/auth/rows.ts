/** Reads columns of database rows: what SQLite returns is `unknown` and is checked like any other border. */
import { Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import type { Row } from "../storage/db.ts";

const checkList = checker(Type.Array(Type.String()), { first: true });

/** A TEXT column. Throws when it holds something else: the file was changed by another program. */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new Error(`Cannot read column ${column}: value is no text`);
  return value;
}

/** A TEXT column that may be NULL. */
export function optionalText(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : text(row, column);
}

/** An INTEGER column. */
export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw new Error(`Cannot read column ${column}: value is no number`);
  return value;
}

/** An INTEGER column that may be NULL. */
export function optionalInteger(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : integer(row, column);
}

/** A column that holds a JSON array of strings. */
export function list(row: Row, column: string): string[] {
  const value: unknown = JSON.parse(text(row, column));
  if (!checkList.is(value)) throw new Error(`Cannot read column ${column}: value is no list of strings`);
  return value;
}
