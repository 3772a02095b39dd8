/** Numbered migrations. A released one is never changed; add the next. The file's number is SQLite's user_version. */
import { v1 } from "./v1.ts";
import { v2 } from "./v2.ts";
import { v3 } from "./v3.ts";

export interface Migration {
  readonly name: string;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [v1, v2, v3];
