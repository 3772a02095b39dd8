/** The arguments of a Web API call: a form whose lists and objects are JSON, or JSON. */
import { Refusal } from "./refusal.ts";

export class Params {
  constructor(readonly values: Readonly<Record<string, unknown>>) {}

  text(key: string): string {
    const value = this.values[key];
    if (value === undefined || value === "") {
      throw new Refusal("invalid_arguments", {
        response_metadata: { messages: [`[ERROR] missing required field: ${key}`] },
      });
    }
    return String(value);
  }

  optional(key: string): string | undefined {
    const value = this.values[key];
    return value === undefined || value === "" ? undefined : String(value);
  }

  flag(key: string): boolean {
    const value = this.values[key];
    return value === true || value === "true" || value === "1";
  }

  json(key: string, error: string): unknown {
    const value = this.values[key];
    if (typeof value !== "string") return value;
    try {
      const parsed: unknown = JSON.parse(value);
      return parsed;
    } catch {
      throw new Refusal(error);
    }
  }
}

export function readParams(contentType: string, body: string): Params {
  if (contentType.startsWith("application/x-www-form-urlencoded")) {
    return new Params(Object.fromEntries(new URLSearchParams(body)));
  }
  if (contentType.startsWith("application/json")) {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null) throw new Refusal("json_not_object");
    return new Params({ ...parsed });
  }
  if (body === "") return new Params({});
  throw new Refusal("invalid_post_type");
}

export const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
