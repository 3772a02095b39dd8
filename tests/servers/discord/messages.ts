/** Messages of our fake Discord, made of a form or of what a person says. */
import { type APIMessage, type APIUser } from "discord-api-types/v10";
import { isRecord } from "./sockets.ts";
import { snowflake, type World } from "./world.ts";

export type Form = Record<string, unknown>;

export interface Upload {
  /** `files[0]` */
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Writing {
  readonly channelId: string;
  readonly form: Form;
  readonly uploads?: readonly Upload[];
  readonly base: string;
  readonly author?: APIUser;
  readonly more?: Partial<APIMessage>;
}

/** Stores it and returns it as Discord would. */
export function newMessage(world: World, { channelId, form, uploads = [], base, author, more }: Writing): APIMessage {
  const content = typeof form["content"] === "string" ? form["content"] : "";
  const reference = isRecord(form["message_reference"]) ? String(form["message_reference"]["message_id"]) : undefined;
  const replied = reference === undefined ? undefined : world.messages.get(reference)?.message;
  const mentioned = [...content.matchAll(/<@!?(\d+)>/gu)].map(([, id = ""]) => world.person(id))
    .filter((each) => each !== undefined);
  // Whoever is answered to stands among the mentions, unless the bot has said no.
  const pinged = replied && author !== undefined && !mentioned.includes(replied.author) ? [replied.author] : [];
  const components = Array.isArray(form["components"]) ? form["components"] : [];
  const message: APIMessage = {
    id: snowflake(),
    channel_id: channelId,
    type: reference === undefined ? 0 : 19,
    author: author ?? world.bot,
    content,
    timestamp: new Date().toISOString(),
    edited_timestamp: null,
    tts: false,
    mention_everyone: /@(?:everyone|here)\b/u.test(content),
    mentions: [...mentioned, ...pinged],
    mention_roles: [...content.matchAll(/<@&(\d+)>/gu)].map(([, id = ""]) => id),
    attachments: uploads.map(({ name, type, bytes }) => world.attach(base, name, type, bytes)),
    embeds: [],
    pinned: false,
    flags: typeof form["flags"] === "number" ? form["flags"] : 0,
    components: components as NonNullable<APIMessage["components"]>,
    ...(reference === undefined
      ? {}
      : { message_reference: { type: 0, message_id: reference, channel_id: channelId } }),
    ...(replied === undefined ? {} : { referenced_message: replied }),
    ...(form["poll"] === undefined ? {} : { poll: form["poll"] as NonNullable<APIMessage["poll"]> }),
    ...more,
  };
  const nonce = form["nonce"];
  world.messages.set(message.id, {
    message,
    nonce: nonce === undefined ? undefined : String(nonce),
    at: Date.now(),
    files: uploads.map(({ name, type, bytes }) => ({ name, type, bytes })),
    reactions: [],
  });
  return message;
}
