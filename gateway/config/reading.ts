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
  /** The issues that lie in the file itself, not in what it refers to: a change that adds one is refused. */
  readonly faults: Issue[] = [];

  /** Something was disabled. */
  issue(path: string, message: string): void {
    this.issues.push({ path, message });
  }
  /** Something was disabled, and only another text of the file can repair it. */
  fault(path: string, message: string): void {
    this.issue(path, message);
    this.faults.push({ path, message });
  }
  /** Everything still works. */
  warn(path: string, message: string): void {
    this.warnings.push({ path, message });
  }
}
