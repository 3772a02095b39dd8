/** What the fake model endpoints check of a request as the real ones do, and the pictures that they were shown. */

export interface ShownPicture {
  readonly mimeType: string;
  /** Base64. */
  readonly data: string;
}

type Json = Record<string, unknown>;

const object = (value: unknown): Json => typeof value === "object" && value !== null ? { ...value } : {};
const list = (value: unknown): Json[] => Array.isArray(value) ? value.map(object) : [];

/** Throws in words of its own where the real endpoint answers 400. Returns the pictures in their order. */
export type Inspect = (body: unknown) => ShownPicture[];

/** Chat completions: tool messages hold text alone and stand right behind the call; pictures are data URLs of users. */
export const inspectOpenAi: Inspect = (body) => {
  const open = new Set<string>();
  return list(object(body)["messages"]).flatMap((message) => {
    const { role, content } = message;
    if (role === "tool") {
      if (typeof content !== "string") throw new Error("a tool message must hold text alone");
      if (!open.delete(String(message["tool_call_id"]))) throw new Error("a tool message without its call");
      return [];
    }
    if (open.size > 0) throw new Error("tool calls must be answered before the next message");
    for (const call of list(message["tool_calls"])) open.add(String(call["id"]));
    return list(content).flatMap((part) => {
      if (part["type"] !== "image_url") return [];
      if (role !== "user") throw new Error(`a picture in a message of the ${role}`);
      const [, mimeType, data] = /^data:(image\/[a-z]+);base64,(.+)$/u.exec(
        String(object(part["image_url"])["url"]),
      ) ?? [];
      return [picture(mimeType, data)];
    });
  });
};

/** Messages of Anthropic: results stand first in the user's turn behind the call, and may hold blocks of pictures. */
export const inspectAnthropic: Inspect = (body) => {
  let open = new Set<string>();
  let last = "";
  return list(object(body)["messages"]).flatMap(({ role, content }) => {
    if (role === last) throw new Error("roles must alternate");
    last = String(role);
    const blocks = list(content);
    const results = blocks.filter(({ type }) => type === "tool_result");
    for (const { tool_use_id: id } of results) {
      if (!open.delete(String(id))) throw new Error("a tool_result without its tool_use");
    }
    if (open.size > 0) throw new Error("tool_use without tool_result");
    open = new Set(blocks.filter(({ type }) => type === "tool_use").map(({ id }) => String(id)));
    return blocks.flatMap((block) => block["type"] === "tool_result" ? list(block["content"]) : [block])
      .filter(({ type }) => type === "image")
      .map(({ source }) => {
        const { type, media_type: mimeType, data } = object(source);
        if (type !== "base64") throw new Error(`a picture of the source ${type}`);
        return picture(mimeType, data);
      });
  });
};

/** Google: every call has its response in the next turn; pictures are inlineData. */
export const inspectGoogle: Inspect = (body) => {
  let open = 0;
  return list(object(body)["contents"]).flatMap(({ parts }) => {
    const all = list(parts);
    const responses = all.filter((part) => "functionResponse" in part);
    if (responses.length !== open) throw new Error("as many function responses as function calls");
    open = all.filter((part) => "functionCall" in part).length;
    return [...all, ...responses.flatMap((part) => list(object(part["functionResponse"])["parts"]))]
      .filter((part) => "inlineData" in part)
      .map((part) => {
        const { mimeType, data } = object(part["inlineData"]);
        return picture(mimeType, data);
      });
  });
};

function picture(mimeType: unknown, data: unknown): ShownPicture {
  if (typeof mimeType !== "string" || !/^image\/(?:png|jpeg|gif|webp)$/u.test(mimeType)) {
    throw new Error(`a picture of the type ${String(mimeType)}`);
  }
  if (typeof data !== "string" || data === "") throw new Error("a picture without bytes");
  Uint8Array.fromBase64(data);
  return { mimeType, data };
}
