/** What the parts of the configuration are read with: variables, secrets, and a place for what is wrong. */
import type { Env } from "../observe/home.ts";
import type { Resolved } from "../secrets/resolve.ts";
import type { Issue } from "./types.ts";

export interface Reading {
  /** The environment, behind it the variables that the file itself defines. */
  readonly env: Env;
  /** A secret as written to its value. */
  readonly resolve: (written: string) => Resolved;
  readonly notes: Notes;
}

export class Notes {
  readonly issues: Issue[] = [];
  readonly warnings: Issue[] = [];

  /** Something was disabled. */
  issue(path: string, message: string): void {
    this.issues.push({ path, message });
  }
  /** Everything still works. */
  warn(path: string, message: string): void {
    this.warnings.push({ path, message });
  }
}
