/** Interactions of our fake Discord: a first answer within three seconds, edits for fifteen minutes. */
import type { APIMessage, APIUser } from "discord-api-types/v10";
import { type Form, newMessage } from "./messages.ts";
import { refuse } from "./refusal.ts";
import type { Gateway } from "./sockets.ts";
import { snowflake, type World } from "./world.ts";

const FIRST_ANSWER_MS = 3_000;
const LOADING = 1 << 7;

export interface Pressed {
  readonly id: string;
  readonly token: string;
  readonly type: 2 | 3;
  readonly channelId: string;
  readonly at: number;
  /** Milliseconds until the first answer. */
  deferredAfterMs: number | undefined;
  /** A first answer that came too late, twice, or with a wrong type. */
  readonly refused: string[];
  original: APIMessage | undefined;
  removed: boolean;
  expired: boolean;
}

export class Interactions {
  readonly all: Pressed[] = [];

  constructor(private readonly world: World, private readonly gateway: Gateway, private readonly url: () => string) {}

  /** `data`: what Discord sends of the command or the component. */
  start(type: 2 | 3, channelId: string, user: APIUser, data: Form, message?: APIMessage): Pressed {
    const pressed: Pressed = {
      id: snowflake(),
      token: `aW50ZXJhY3Rpb24${crypto.randomUUID().replaceAll("-", "")}`,
      type,
      channelId,
      at: performance.now(),
      deferredAfterMs: undefined,
      refused: [],
      original: undefined,
      removed: false,
      expired: false,
    };
    this.all.push(pressed);
    const channel = this.world.channels.get(channelId);
    const direct = channel?.type === 1;
    const who = direct ? { user } : {
      guild_id: this.world.guildId,
      member: {
        user,
        roles: [],
        joined_at: new Date().toISOString(),
        deaf: false,
        mute: false,
        flags: 0,
        permissions: "0",
      },
    };
    this.gateway.emit("INTERACTION_CREATE", {
      id: pressed.id,
      application_id: this.world.applicationId,
      type,
      token: pressed.token,
      version: 1,
      channel_id: channelId,
      channel,
      data,
      ...who,
      ...(message === undefined ? {} : { message }),
      locale: "en-US",
      entitlements: [],
      authorizing_integration_owners: {},
      attachment_size_limit: 10_485_760,
    }, { direct });
    return pressed;
  }

  callback(id: string, token: string, form: Form): void {
    const pressed = this.#find(token);
    const waited = performance.now() - pressed.at;
    const fail = (error: Error): never => {
      pressed.refused.push(error.message);
      throw error;
    };
    if (pressed.id !== id || waited > FIRST_ANSWER_MS) fail(refuse(404, 10062, "Unknown interaction"));
    if (pressed.deferredAfterMs !== undefined) fail(refuse(400, 40060, "Interaction has already been acknowledged."));
    const type = form["type"];
    const allowed = pressed.type === 2 ? [4, 5] : [4, 5, 6, 7];
    if (typeof type !== "number" || !allowed.includes(type)) fail(refuse(400, 50035, "Invalid Form Body"));
    pressed.deferredAfterMs = waited;
    if (type === 5) {
      const more = { flags: LOADING, type: 20 as const };
      pressed.original = newMessage(this.world, { channelId: pressed.channelId, form: {}, base: this.url(), more });
    }
  }

  original(token: string): APIMessage {
    const { original } = this.#find(token);
    if (!original) throw refuse(404, 10008, "Unknown Message");
    return original;
  }

  answer(token: string, form: Form): APIMessage {
    const message = this.original(token);
    message.content = String(form["content"] ?? "");
    delete message.flags;
    return message;
  }

  remove(token: string): void {
    const pressed = this.#find(token);
    if (!pressed.original) throw refuse(404, 10008, "Unknown Message");
    this.world.messages.delete(pressed.original.id);
    pressed.original = undefined;
    pressed.removed = true;
  }

  #find(token: string): Pressed {
    const pressed = this.all.find((each) => each.token === token);
    if (!pressed) throw refuse(404, 10015, "Unknown Webhook");
    if (pressed.expired) throw refuse(401, 50027, "Invalid Webhook Token");
    return pressed;
  }
}
