/** Parameters and results of canvas.*: what is shown beside a chat or on a node, and what people do there. All our own. */
import { A2uiVersion, PresentedPage } from "../event/canvas.ts";
import { Closed, Int0, JsonObject, NonEmpty, Nullable, OneOf, Open, type Static, Type } from "../primitives.ts";

const Opt = Type.Optional;

/** What a screen shows. `messages` rebuild the surfaces from nothing: create, components, data; not the whole history. */
export const CanvasState = Closed({
  revision: Int0,
  page: Nullable(PresentedPage),
  a2ui: Nullable(Closed({ version: A2uiVersion, messages: Type.Array(JsonObject) })),
  /** Of a node: the chat whose agent showed this. What a person does there goes back to it. */
  sessionKey: Opt(NonEmpty),
});
export type CanvasState = Static<typeof CanvasState>;

/** Beside a chat, or on a node: exactly one of the two. */
const Where = { sessionKey: Opt(NonEmpty), nodeId: Opt(NonEmpty) };

export const CanvasGetParams = Open(Where);
export const NodeCanvasGetParams = Open({});

export const CanvasPresentParams = Open({ ...Where, path: Opt(Type.String()), url: Opt(NonEmpty) });
export const CanvasHideParams = Open(Where);
export const CanvasA2uiPushParams = Open({
  ...Where,
  /** One message a line. */
  jsonl: Opt(Type.String({ maxLength: 1 << 20 })),
  messages: Opt(Type.Array(Type.Unknown(), { maxItems: 500 })),
  /** Only checks. */
  dryRun: Opt(Type.Boolean()),
});
export const CanvasA2uiPushResult = Closed({
  ok: Type.Literal(true),
  version: A2uiVersion,
  revision: Int0,
  surfaces: Type.Array(NonEmpty),
});
export const CanvasA2uiResetParams = Open(Where);
export const CanvasOkResult = Closed({ ok: Type.Literal(true), revision: Int0 });

/** What a person did on a surface (canvas facts, section 3). */
export const UserAction = Open({
  id: Opt(Type.String({ minLength: 1, maxLength: 128 })),
  name: Type.String({ minLength: 1, maxLength: 128 }),
  surfaceId: Opt(Type.String({ maxLength: 128 })),
  sourceComponentId: Opt(Type.String({ maxLength: 128 })),
  timestamp: Opt(Type.String({ maxLength: 64 })),
  context: Opt(JsonObject),
});
export type UserAction = Static<typeof UserAction>;
export const CanvasActionParams = Open({ sessionKey: NonEmpty, action: UserAction });
export const CanvasActionResult = Closed({ runId: NonEmpty, status: OneOf(["started", "in_flight", "ok"]) });
