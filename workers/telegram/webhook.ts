/** Webhook mode: Telegram posts the updates to the gateway's port, and the answer comes after the commit. */
import { checker } from "../../schemas/validate.ts";
import { type Provider, type ProviderContext, ProviderError } from "../runtime/provider.ts";
import { type OpenApi, readAnswer } from "./api.ts";
import { invalid } from "./target.ts";
import { sleep } from "./trouble.ts";
import { ALLOWED_UPDATES, WebhookInfo } from "./wire.ts";

type Webhook = NonNullable<Provider["webhook"]>;
type Request = Parameters<Webhook>[0];
type Answer = Awaited<ReturnType<Webhook>>;

const checkInfo = checker(WebhookInfo);
const SECRET = /^[A-Za-z0-9_-]{16,256}$/u;
/** Between two looks at whether Telegram still knows our address. */
const WATCH_MS = 60_000;

/** Throws for a secret that Telegram would refuse or that could be guessed. */
export function checkSecret(secret: string): void {
  if (SECRET.test(secret)) return;
  throw invalid("channels.telegram.webhookSecret must have 16 to 256 characters out of A-Z, a-z, 0-9, _ and -");
}

/** Answers one post. `take` resolves after the commit; what it rejects with makes Telegram send the update again. */
export async function answerPost(
  { headers, body }: Pick<Request, "headers" | "body">,
  secret: string,
  take: (update: unknown) => Promise<unknown>,
): Promise<Answer> {
  if (!await sameText(headers["x-telegram-bot-api-secret-token"] ?? "", secret)) {
    return { status: 401, body: "unauthorized" };
  }
  let update: unknown;
  try {
    update = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return { status: 400, body: "not JSON" };
  }
  try {
    await take(update);
    return { status: 200 };
  } catch {
    return { status: 503, body: "try again" };
  }
}

/** Compares digests byte by byte to the end: how much of a guess is right must not show in the time. */
async function sameText(given: string, wanted: string): Promise<boolean> {
  const digest = async (text: string) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const [a, b] = await Promise.all([digest(given), digest(wanted)]);
  return a.reduce((difference, byte, index) => difference | (byte ^ (b[index] ?? 0)), 0) === 0;
}

export interface WebhookModeDeps {
  readonly context: Pick<ProviderContext, "alive" | "log" | "signal">;
  readonly api: OpenApi;
  readonly webhook: { readonly url: string; readonly secret: string };
  readonly onAnswer: () => void;
}

/** Sets the webhook and watches it until the account stops; rejects with the first error. */
export async function runWebhook({ context, api, webhook, onAnswer }: WebhookModeDeps): Promise<void> {
  const { signal, log } = context;
  await api(signal).setWebhook(webhook.url, {
    secret_token: webhook.secret,
    allowed_updates: ALLOWED_UPDATES,
    drop_pending_updates: false,
  });
  let reported = 0;
  while (!signal.aborted) {
    const info = readAnswer(checkInfo, "getWebhookInfo", await api(signal).getWebhookInfo());
    if (info.url !== webhook.url) throw takenOver();
    context.alive();
    onAnswer();
    if (info.last_error_date !== undefined && info.last_error_date > reported) {
      reported = info.last_error_date;
      log("warn", "telegram.webhook_error", {
        message: info.last_error_message,
        pending: info.pending_update_count,
      });
    }
    await sleep(WATCH_MS, signal);
  }
}

const takenOver = (): ProviderError =>
  new ProviderError({
    code: "conflict",
    message: "Another program changed the webhook of this bot",
    retryable: true,
    outcome: "not_sent",
  });

/** Polling is refused while a webhook is set. Updates that wait there are kept. */
export async function leaveWebhook(api: OpenApi, signal: AbortSignal): Promise<void> {
  await api(signal).deleteWebhook({ drop_pending_updates: false });
}
