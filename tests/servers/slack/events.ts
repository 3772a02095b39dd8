/** Events on their way to the app: into a socket, or signed to its address. */
import { createHmac } from "node:crypto";
import type { BotAccount } from "./accounts.ts";
import type { Sockets } from "./sockets.ts";
import type { Conversation, World } from "./world.ts";

export interface HttpTarget {
  readonly url: string;
  readonly signingSecret: string;
}

/** Slack tries three times more; here without its pauses of minutes. */
const HTTP_TRIES = 4;
const HTTP_PAUSE_MS = 100;

export function createEvents({ world, bot, sockets }: { world: World; bot: BotAccount; sockets: Sockets }) {
  let target: HttpTarget | undefined;
  let closed = false;

  async function post({ url, signingSecret }: HttpTarget, type: string, body: string, retry = 0): Promise<unknown> {
    const response = await fetch(url, { method: "POST", headers: signed(signingSecret, type, body, retry), body })
      .catch(() => undefined);
    const text = await response?.text() ?? "";
    if (response?.status === 200) return text === "" ? undefined : JSON.parse(text);
    if (retry + 1 >= HTTP_TRIES || closed) {
      throw new Error(`the app answered ${response?.status ?? "nothing"}: ${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, HTTP_PAUSE_MS));
    return await post({ url, signingSecret }, type, body, retry + 1);
  }

  const FORM = "application/x-www-form-urlencoded";
  return {
    async emit(event: Record<string, unknown>, conversation?: Conversation): Promise<unknown> {
      const payload = {
        token: "verification",
        team_id: world.teamId,
        api_app_id: bot.appId,
        type: "event_callback",
        event_id: world.nextId("Ev"),
        event_time: Math.floor(Date.now() / 1000),
        authorizations: [{ enterprise_id: null, team_id: world.teamId, user_id: bot.userId, is_bot: true }],
        // Only messages say what kind of conversation they come from.
        event: {
          ...event,
          ...(conversation && event["type"] === "message" ? { channel_type: conversation.type } : {}),
        },
      };
      // What happens where the bot is not is none of its business.
      if (conversation && !conversation.members.has(bot.userId)) return undefined;
      if (target) return await post(target, "application/json", JSON.stringify(payload));
      return await sockets.deliver("events_api", payload);
    },
    slash: async (payload: Record<string, string>): Promise<unknown> =>
      target
        ? await post(target, FORM, new URLSearchParams(payload).toString())
        : await sockets.deliver("slash_commands", payload),
    interactive: async (payload: Record<string, unknown>): Promise<unknown> =>
      target
        ? await post(target, FORM, new URLSearchParams({ payload: JSON.stringify(payload) }).toString())
        : await sockets.deliver("interactive", payload),
    subscribe: (wanted: HttpTarget) => void (target = wanted),
    close: () => void (closed = true),
  };
}

/** Slack's headers of a post; `at` in seconds. */
export function signed(
  secret: string,
  type: string,
  body: string,
  retry = 0,
  at = Math.floor(Date.now() / 1000),
): Record<string, string> {
  const signature = createHmac("sha256", secret).update(`v0:${at}:${body}`).digest("hex");
  return {
    "content-type": type,
    "x-slack-request-timestamp": String(at),
    "x-slack-signature": `v0=${signature}`,
    ...(retry === 0 ? {} : { "x-slack-retry-num": String(retry), "x-slack-retry-reason": "http_error" }),
  };
}
