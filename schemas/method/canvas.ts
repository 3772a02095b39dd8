/** Parameters and results of canvas.*: what is shown beside a chat or on a node, and what people do there. All our own. */
import { A2uiVersion, PresentedPage } from "../event/canvas.ts";
import { Closed, Int0, JsonObject, NonEmpty, noted, Nullable, OneOf, Open, type Static, Type } from "../primitives.ts";

const Opt = Type.Optional;

/** What a screen shows. */
export const CanvasState = Closed({
  revision: noted(Int0, "Counts the changes; 0: nobody has shown anything yet"),
  page: noted(Nullable(PresentedPage), "What is in front; null: nothing"),
  a2ui: noted(
    Nullable(Closed({ version: A2uiVersion, messages: Type.Array(JsonObject) })),
    "The messages rebuild the surfaces from nothing; they are not the history",
  ),
  sessionKey: Opt(noted(NonEmpty, "Of a node: the chat whose agent showed this; what a person does goes back to it")),
});
export type CanvasState = Static<typeof CanvasState>;

/** Beside a chat, or on a node: exactly one of the two. */
const Where = {
  sessionKey: Opt(noted(NonEmpty, "Beside this chat; or nodeId")),
  nodeId: Opt(noted(NonEmpty, "On this node; or sessionKey")),
};

export const CanvasGetParams = Open(Where);
export const NodeCanvasGetParams = Open({});

export const CanvasPresentParams = Open({
  ...Where,
  path: Opt(noted(Type.String(), "Below the canvas root; without path and url: its first page")),
  url: Opt(noted(NonEmpty, "An http or https address, instead of path")),
});
export const CanvasHideParams = Open(Where);
export const CanvasA2uiPushParams = Open({
  ...Where,
  jsonl: Opt(noted(Type.String({ maxLength: 1 << 20 }), "One message a line")),
  messages: Opt(noted(Type.Array(Type.Unknown(), { maxItems: 500 }), "The messages, instead of jsonl")),
  dryRun: Opt(noted(Type.Boolean(), "Only check")),
});
export const CanvasA2uiPushResult = Closed({
  ok: Type.Literal(true),
  version: A2uiVersion,
  revision: Int0,
  surfaces: noted(Type.Array(NonEmpty), "Ids of all surfaces that are there now"),
});
export const CanvasA2uiResetParams = Open(Where);
export const CanvasOkResult = Closed({ ok: Type.Literal(true), revision: Int0 });

/** What a person did on a surface (canvas facts, section 3). */
export const UserAction = Open({
  id: Opt(noted(Type.String({ minLength: 1, maxLength: 128 }), "An action with an id is taken once")),
  name: Type.String({ minLength: 1, maxLength: 128 }),
  surfaceId: Opt(Type.String({ maxLength: 128 })),
  sourceComponentId: Opt(Type.String({ maxLength: 128 })),
  timestamp: Opt(Type.String({ maxLength: 64 })),
  context: Opt(JsonObject),
});
export type UserAction = Static<typeof UserAction>;
export const CanvasActionParams = Open({ sessionKey: NonEmpty, action: UserAction });
export const CanvasActionResult = Closed({ runId: NonEmpty, status: OneOf(["started", "in_flight", "ok"]) });
