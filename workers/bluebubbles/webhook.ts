/** Posts of the server to the gateway's port: our own secret, known kinds only, the answer after the commit. */
import { checker } from "../../schemas/validate.ts";
import type { Provider } from "../runtime/provider.ts";
import type { Intake } from "./intake.ts";
import { Hook } from "./wire.ts";

type Webhook = NonNullable<Provider["webhook"]>;
type Request = Parameters<Webhook>[0];
type Answer = Awaited<ReturnType<Webhook>>;

const checkHook = checker(Hook);
const KINDS = new Set(["new-message", "updated-message", "message-reaction"]);

/** No request is trusted for where it comes from, and an error never says more than that it is one. */
export async function answerPost(request: Request, secret: string, intake: Intake): Promise<Answer> {
  if (!await isTrusted(request, secret)) return { status: 401, body: "unauthorized" };
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(request.body));
  } catch {
    return { status: 400, body: "not JSON" };
  }
  const hook = checkHook(body);
  if (!hook.ok) return { status: 400, body: "not a webhook" };
  if (!KINDS.has(hook.value.type)) return { status: 200, body: "ignored" };
  try {
    await intake.take(withChat(hook.value.data, body));
    return { status: 200, body: "ok" };
  } catch {
    return { status: 503, headers: { "retry-after": "2" }, body: "try again" };
  }
}

/** Some versions write the chat beside `data`. */
function withChat(data: unknown, body: unknown): unknown {
  if (typeof data !== "object" || data === null || "chatGuid" in data) return data;
  const guid: unknown = typeof body === "object" && body !== null && "chatGuid" in body ? body.chatGuid : undefined;
  return typeof guid === "string" ? { ...data, chatGuid: guid } : data;
}

/** The server can only be told an address, so the secret stands in its query; a proxy before it may use a header. */
async function isTrusted({ query, headers }: Request, secret: string): Promise<boolean> {
  const given = [
    query["secret"],
    query["password"],
    query["guid"],
    headers["x-webhook-secret"],
    headers["x-password"],
    headers["authorization"]?.replace(/^bearer /iu, ""),
  ].filter((each) => each !== undefined);
  const same = await Promise.all(given.map((each) => sameText(each, secret)));
  return same.includes(true);
}

/** Compares digests byte by byte to the end: how much of a guess is right must not show in the time. */
async function sameText(given: string, wanted: string): Promise<boolean> {
  const digest = async (text: string) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const [a, b] = await Promise.all([digest(given), digest(wanted)]);
  return a.reduce((difference, byte, index) => difference | (byte ^ (b[index] ?? 0)), 0) === 0;
}
