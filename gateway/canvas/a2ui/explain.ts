/** One sentence out of what a schema checker says, for an agent that has to repair its message. */
import type { ErrorObject } from "ajv";
import { Problem, quoted } from "./problem.ts";

const depth = (error: ErrorObject): number => error.instancePath.split("/").length;
const COMPOSED = new Set(["oneOf", "anyOf", "allOf", "if", "not"]);
const MAX_REASONS = 4;

/** The deepest errors tell most: those of the branch that came closest. `at` is where the checked value stands. */
export function explain(errors: readonly ErrorObject[], at: string): Problem {
  const plain = errors.filter(({ keyword }) => !COMPOSED.has(keyword));
  const from = plain.length > 0 ? plain : errors;
  const deepest = Math.max(...from.map(depth));
  const path = from.find((error) => depth(error) === deepest)?.instancePath ?? "";
  const there = from.filter((error) => error.instancePath === path);
  return new Problem(at + path, reasons(there));
}

function reasons(errors: readonly ErrorObject[]): string {
  const wanted = (keyword: string, param: string) =>
    errors.filter((error) => error.keyword === keyword).map((error) => String(error.params[param]));
  const values = [
    ...wanted("const", "allowedValue"),
    ...errors.flatMap((error) => error.keyword === "enum" ? listOf(error.params["allowedValues"]) : []),
  ];
  const types = wanted("type", "type");
  const rest = errors.filter(({ keyword }) => !["const", "enum", "type"].includes(keyword)).map(sentence);
  const all = [
    ...(values.length === 0 ? [] : [`must be ${values.length === 1 ? "" : "one of "}${quoted(new Set(values))}`]),
    ...(types.length === 0 ? [] : [`must be ${[...new Set(types)].join(" or ")}`]),
    ...new Set(rest),
  ];
  return all.slice(0, MAX_REASONS).join(", or ") || "is not valid";
}

const listOf = (value: unknown): string[] => Array.isArray(value) ? value.map(String) : [];

function sentence({ keyword, params, message }: ErrorObject): string {
  if (keyword === "additionalProperties") return `must not have the property "${String(params["additionalProperty"])}"`;
  if (keyword === "required") return `must have the property "${String(params["missingProperty"])}"`;
  if (keyword === "discriminator") return "must call a function of the catalog";
  if (keyword === "minProperties") return `must have ${String(params["limit"])} or more properties`;
  return (message ?? "is not valid").replace("NOT", "not");
}
