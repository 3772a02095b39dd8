/** Keeps secrets out of logs and answers. The marker and the key rule are the protocol's (methods facts, section 9). */

export const REDACTED = "__OPENCLAW_REDACTED__";

/** Keys whose name ends like a secret but whose value is a number or a limit. */
const NOT_SECRET = new Set([
  "maxtokens",
  "maxoutputtokens",
  "contexttokens",
  "inputtokens",
  "outputtokens",
  "totaltokens",
  "tokens",
]);

/** Whether a key names a secret: ends in token, or holds password, secret or api key. */
export function isSecretKey(key: string): boolean {
  const name = key.toLowerCase().replaceAll(/[^a-z]/gu, "");
  if (NOT_SECRET.has(name)) return false;
  return name.endsWith("token") || name.includes("password") || name.includes("secret") || name.includes("apikey") ||
    name === "authorization" || name === "cookie" || name.endsWith("privatekey");
}

/** A copy of `value` in which every string or number under a secret key is the marker. */
export function redact(value: unknown, depth = 0): unknown {
  if (depth > 32) return "[too deep]";
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  if (value === null || typeof value !== "object") return value;
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return String(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, secretValue(key, item) ? REDACTED : redact(item, depth + 1)]),
  );
}

const secretValue = (key: string, item: unknown): boolean =>
  isSecretKey(key) && (typeof item === "string" || typeof item === "number") && item !== "";

/** `redact` for the fields of a log line. */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    out[key] = secretValue(key, value)
      ? REDACTED
      : value instanceof Error
      ? `${value.name}: ${value.message}`
      : redact(value);
  }
  return out;
}
