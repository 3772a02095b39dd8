/** models.list. */
import type { ModelView } from "../../../schemas/method/models.ts";
import { ModelsListParams, ModelsListResult } from "../../../schemas/method/models.ts";
import type { ModelCatalog } from "../../agent/types.ts";
import { defineMethod, type MethodDef } from "../define.ts";

/** The models as the wire shows them. */
export const modelViews = (models: ModelCatalog): ModelView[] =>
  models.list().map(({ id, name, provider, contextWindow, reasoning, input }) => ({
    id,
    name,
    provider,
    ...(contextWindow === undefined ? {} : { contextWindow }),
    reasoning,
    input: [...input],
  }));

const list = defineMethod({
  name: "models.list",
  access: "operator.read",
  params: ModelsListParams,
  result: ModelsListResult,
  idempotency: "none",
  deadlineMs: 10_000,
  description: "The models that sessions can use",
  handle: (_call, { models }) => ({ models: modelViews(models) }),
});

export const modelMethods: readonly MethodDef[] = [list];
