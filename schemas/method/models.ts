/** Parameters and result of models.list (methods facts, section 14). */
import { Closed, Int0, NonEmpty, OneOf, Open, type Static, Type } from "../primitives.ts";

export const ModelView = Closed({
  id: NonEmpty,
  name: NonEmpty,
  provider: NonEmpty,
  contextWindow: Type.Optional(Int0),
  reasoning: Type.Optional(Type.Boolean()),
  input: Type.Optional(Type.Array(OneOf(["text", "image"]))),
});
export type ModelView = Static<typeof ModelView>;

export const ModelsListParams = Open({});
export const ModelsListResult = Closed({ models: Type.Array(ModelView) });
