/** `openclaw models`: which models the agent can use. */
import { withGateway } from "./connect.ts";
import type { Command } from "./context.ts";
import { Models, read } from "./payloads.ts";

export const modelsCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const { out } = context;
    const payload = await session.call("models.list", {});
    if (options.flag("json")) return out.json(payload);
    const { models } = read("models.list", Models, payload);
    if (models.length === 0) return out.line("No models. Configure one under models.providers.");
    out.table(
      ["MODEL", "NAME", { title: "CONTEXT", right: true }, "INPUT", "THINKS"],
      models.map((model) => [
        `${model.provider}/${model.id}`,
        model.name === undefined || model.name === model.id ? "" : model.name,
        model.contextWindow === undefined ? "-" : tokens(model.contextWindow),
        model.input?.join(", ") ?? "text",
        model.reasoning === true ? "yes" : "",
      ]),
    );
  });

/** 131072 as `131k`, 1048576 as `1.0M`. */
export const tokens = (n: number): string =>
  n < 1000 ? String(n) : n < 1_000_000 ? `${Math.floor(n / 1000)}k` : `${(n / 1_000_000).toFixed(1)}M`;
