/** Looks at every value of a message before anything else does: depth, names that are traps, addresses, functions. */
import { checkPattern } from "./pattern.ts";
import { isTrap, type JsonObject, LIMITS, Problem, step } from "./problem.ts";
import { checkLink } from "./urls.ts";

/** Counts over all messages of one push. */
export interface Counts {
  calls: number;
  bytes: number;
}

/** Throws Problem. Recursion ends at the depth limit, so that the check itself cannot be driven into the ground. */
export function walk(message: JsonObject, counts: Counts): void {
  visit(message, "", 1, 0, counts);
}

function visit(value: unknown, path: string, depth: number, calls: number, counts: Counts): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > LIMITS.depth) throw new Problem(path, `is nested deeper than ${LIMITS.depth} levels`);
  if (Array.isArray(value)) {
    value.forEach((item, index) => visit(item, `${path}/${index}`, depth + 1, calls, counts));
    return;
  }
  const inner = calls + checkCall(value, path, calls, counts);
  for (const [name, item] of Object.entries(value)) {
    if (isTrap(name)) throw new Problem(path, `must not have a property "${name}"`);
    if (name === "validationRegexp" && typeof item === "string") checkPattern(path + step(name), item);
    visit(item, path + step(name), depth + 1, inner, counts);
  }
}

/** 1 for a function call of v0.9, else 0. */
function checkCall(value: object, path: string, calls: number, counts: Counts): number {
  if (!("call" in value) || typeof value.call !== "string") return 0;
  counts.calls += 1;
  if (counts.calls > LIMITS.calls) {
    throw new Problem(path, `is one function call too many: the limit is ${LIMITS.calls}`);
  }
  if (calls >= LIMITS.callDepth) throw new Problem(path, `nests functions deeper than ${LIMITS.callDepth} levels`);
  const args = "args" in value && typeof value.args === "object" && value.args !== null ? value.args : {};
  if (value.call === "openUrl" && "url" in args) checkLink(`${path}/args/url`, args.url);
  if (value.call === "regex" && "pattern" in args && typeof args.pattern === "string") {
    checkPattern(`${path}/args/pattern`, args.pattern);
  }
  return 1;
}
