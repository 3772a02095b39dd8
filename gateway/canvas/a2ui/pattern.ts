/** Regular expressions that pages run on what people type: a hostile one would freeze the page. */
import { LIMITS, Problem } from "./problem.ts";

/** A repeated group that itself repeats or branches, such as `(a+)+` or `(a|a)*`: what takes exponential time. */
const NESTED_REPEAT = /\([^()]*(?:[+*|]|\{\d)[^()]*\)(?:[+*]|\{\d)/u;
const NESTED_GROUP_REPEAT = /\)[+*]?\)(?:[+*]|\{\d)|\)(?:[+*]|\{\d+,\d*\})[^()]*\)(?:[+*]|\{\d)/u;
/** `([\w-]+\.)+` and `(-\d+)*`: a class and one character that ends or begins each round. */
const ROUND =
  /\((?:\?:)?(?:(\[(?:[^\]\\]|\\.)+\]|\\[wd])[+*](\\?[^\w\\()[\]]|\w)|(\\?[^\w\\()[\]]|\w)(\[(?:[^\]\\]|\\.)+\]|\\[wd])[+*])\)[+*]/gu;

/** Throws Problem. */
export function checkPattern(path: string, pattern: string): void {
  if (pattern.length > LIMITS.patternChars) {
    throw new Problem(path, `must not be longer than ${LIMITS.patternChars} characters`);
  }
  try {
    new RegExp(pattern);
  } catch {
    throw new Problem(path, "must be a regular expression");
  }
  const plain = pattern.replaceAll(ROUND, unambiguous).replaceAll(/\[(?:[^\]\\]|\\.)*\]/gu, "x").replaceAll(
    /\\./gu,
    "x",
  );
  if (NESTED_REPEAT.test(plain) || NESTED_GROUP_REPEAT.test(plain)) {
    throw new Problem(path, "must not repeat a group that repeats or branches itself: it could freeze the page");
  }
}

/** A round whose border its class cannot match can be cut in one way only; such a group counts as one letter. */
function unambiguous(group: string, before?: string, end?: string, start?: string, after?: string): string {
  const [set, border] = [before ?? after ?? "", (end ?? start ?? "").replace("\\", "")];
  return new RegExp(`^${set}$`, "u").test(border) ? group : "x";
}
