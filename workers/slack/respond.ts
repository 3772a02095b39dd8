/** Answers to a slash command, to the address that came with it: as Slack says, five times within thirty minutes. */
import type { Outbound, Receipt } from "../../schemas/worker/content.ts";
import { ProviderError } from "../runtime/provider.ts";
import { type Api, CALL_MS } from "./api.ts";
import { blocksOf } from "./blocks.ts";
import { failed } from "./errors.ts";
import type { Handle } from "./handles.ts";
import type { Settings } from "./settings.ts";

export async function respond(
  { api, settings }: { readonly api: Api; readonly settings: Settings },
  message: Outbound,
  text: string,
  { url }: Handle,
  signal: AbortSignal,
): Promise<Receipt> {
  if (!settings.mayReach(url)) throw failed("forbidden", "The address of the answer is not Slack's own");
  const blocks = blocksOf(text, message);
  const body = {
    response_type: settings.slash.ephemeral ? "ephemeral" : "in_channel",
    replace_original: false,
    text,
    ...(blocks === undefined ? {} : { blocks }),
  };
  const response = await api.fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }, AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]));
  const answer = (await response.text()).slice(0, 500);
  if (response.ok && !answer.includes('"ok":false')) {
    // Slack gives these messages no id.
    const id = `response:${crypto.randomUUID()}`;
    return { messageIds: [id], chatId: message.target.chatId, at: Date.now() };
  }
  throw refused(response, /"error":\s*"([a-z_]{1,60})"/u.exec(answer)?.[1]);
}

function refused({ status, headers }: Response, code: string | undefined): ProviderError {
  const platformCode = code ?? String(status);
  if (status === 429) {
    const seconds = Number(headers.get("retry-after")) || 1;
    const message = `Slack asks to wait ${seconds} s`;
    return new ProviderError({
      code: "rate_limited",
      message,
      retryable: true,
      outcome: "not_sent",
      retryAfterMs: seconds * 1000,
      platformCode,
    });
  }
  if (status >= 500) {
    const message = `Slack's front answered ${status}`;
    return new ProviderError({ code: "platform", message, retryable: false, outcome: "unknown", platformCode });
  }
  return new ProviderError({
    code: status === 404 ? "not_found" : "invalid",
    message: `Slack did not take the answer to the command: ${platformCode}`,
    retryable: false,
    outcome: "not_sent",
    platformCode,
  });
}
