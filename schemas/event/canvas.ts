/** What a chat's canvas shows; pages that show the chat follow it. */
import { Closed, Int0, JsonObject, NonEmpty, noted, OneOf, type Static, Type } from "../primitives.ts";
import { defineEvent } from "./define.ts";

export const A2UI_VERSIONS = ["v0.8", "v0.9"] as const;
export const A2uiVersion = OneOf(A2UI_VERSIONS);
export type A2uiVersion = Static<typeof A2uiVersion>;

/** A page in front: a path below the canvas root such as `report/index.html`, or an http(s) address. */
export const PresentedPage = Type.Union([
  Closed({ kind: Type.Literal("path"), path: Type.String() }),
  Closed({ kind: Type.Literal("url"), url: NonEmpty }),
  /** The A2UI surfaces of this screen. */
  Closed({ kind: Type.Literal("a2ui"), version: A2uiVersion }),
]);
export type PresentedPage = Static<typeof PresentedPage>;

export const CanvasChange = Type.Union([
  Closed({ kind: Type.Literal("present"), page: PresentedPage }),
  Closed({ kind: Type.Literal("hide") }),
  /** Messages to apply to the surfaces, in order. */
  Closed({ kind: Type.Literal("a2ui"), version: A2uiVersion, messages: Type.Array(JsonObject) }),
  Closed({ kind: Type.Literal("reset") }),
]);
export type CanvasChange = Static<typeof CanvasChange>;

export const CanvasChangedEvent = defineEvent({
  name: "canvas.changed",
  access: "operator.read",
  payload: Closed({
    sessionKey: NonEmpty,
    revision: noted(Int0, "Counts the changes of one screen from 1; a gap means: read canvas.get anew"),
    change: CanvasChange,
  }),
  delivery: "ordered",
  forProtocol3: () => undefined,
  description: "The canvas beside a chat changed",
});
