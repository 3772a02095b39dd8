/** HTTP mode: Slack posts to the gateway's port, and the answer comes after the commit. */
import type { Provider } from "../runtime/provider.ts";
import type { Acknowledgement, Intake } from "./intake.ts";

type Webhook = NonNullable<Provider["webhook"]>;
type Request = Parameters<Webhook>[0];
type Answer = Awaited<ReturnType<Webhook>>;

/** Older requests may be recordings. */
const MAX_SKEW_S = 5 * 60;
const JSON_TYPE = { "content-type": "application/json" };

/** Answers one post. What `take` rejects with makes Slack send the event again. */
export async function answerPost(
  { headers, body }: Pick<Request, "headers" | "body">,
  signingSecret: string,
  intake: Intake | undefined,
): Promise<Answer> {
  if (!await isSigned(headers, body, signingSecret)) return { status: 401, body: "bad signature" };
  const posted = readBody(headers["content-type"] ?? "", body);
  if (posted === undefined) return { status: 400, body: "unreadable" };
  if (posted.kind === "challenge") return { status: 200, headers: JSON_TYPE, body: JSON.stringify(posted.answer) };
  if (posted.kind === "ssl_check") return { status: 200 };
  if (!intake) return { status: 503, headers: { "retry-after": "2" }, body: "starting" };
  try {
    return acknowledged(await intake.take(posted.kind, posted.payload));
  } catch {
    return { status: 503, body: "try again" };
  }
}

const acknowledged = (answer: Acknowledgement): Answer =>
  answer === undefined ? { status: 200 } : { status: 200, headers: JSON_TYPE, body: JSON.stringify(answer) };

/** `v0=` and the HMAC-SHA256 of `v0:<timestamp>:<body>`, compared in constant time by the runtime. */
export async function isSigned(
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  secret: string,
  now: number = Date.now(),
): Promise<boolean> {
  const written = headers["x-slack-request-timestamp"] ?? "";
  const hex = /^v0=([0-9a-f]{64})$/u.exec(headers["x-slack-signature"] ?? "")?.[1];
  if (secret === "" || hex === undefined || !/^\d{1,12}$/u.test(written)) return false;
  if (Math.abs(now / 1000 - Number(written)) > MAX_SKEW_S) return false;
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, [
    "verify",
  ]);
  const prefix = encoder.encode(`v0:${written}:`);
  const signed = new Uint8Array(prefix.byteLength + body.byteLength);
  signed.set(prefix);
  signed.set(body, prefix.byteLength);
  const signature = Uint8Array.from(hex.match(/../gu) ?? [], (byte) => Number.parseInt(byte, 16));
  return await crypto.subtle.verify("HMAC", key, signature, signed);
}

type Posted =
  | { readonly kind: "event" | "slash" | "interactive"; readonly payload: unknown }
  | { readonly kind: "challenge"; readonly answer: { readonly challenge: string } }
  | { readonly kind: "ssl_check" };

/** Events come as JSON, commands as a form, buttons as JSON within a form. */
function readBody(contentType: string, body: Uint8Array): Posted | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    if (contentType.startsWith("application/json")) return readJson(JSON.parse(text));
    if (!contentType.startsWith("application/x-www-form-urlencoded")) return undefined;
    const form = Object.fromEntries(new URLSearchParams(text));
    if (form["ssl_check"] === "1") return { kind: "ssl_check" };
    const { payload } = form;
    return payload === undefined
      ? { kind: "slash", payload: form }
      : { kind: "interactive", payload: JSON.parse(payload) };
  } catch {
    return undefined;
  }
}

function readJson(value: unknown): Posted {
  const record: Record<string, unknown> = typeof value === "object" && value !== null ? { ...value } : {};
  const { type, challenge } = record;
  return type === "url_verification" && typeof challenge === "string"
    ? { kind: "challenge", answer: { challenge } }
    : { kind: "event", payload: value };
}
