/** node.pluginSurface.refresh and plugin.surface.refresh: a client asks for its canvas address anew before it expires. */
import { invalid, unavailable } from "../../../schemas/error.ts";
import { PluginSurfaceRefreshParams, PluginSurfaceRefreshResult } from "../../../schemas/method/nodes.ts";
import { type Call, defineMethod, type MethodDef } from "../define.ts";
import type { Services } from "../services.ts";

type Params = { readonly surface?: string };

/** The same address with a new time of expiry (generations facts, section 5); the canvas is the only surface. */
function refresh({ params, client }: Call<Params>, { config, surfaces }: Services) {
  const { surface = "canvas" } = params;
  if (surface !== "canvas") throw invalid(`unknown surface "${surface.slice(0, 64)}": the canvas is the only one`);
  const address = surfaces.urlFor(client);
  if (address === undefined) {
    throw unavailable(
      config.canvasHost.enabled
        ? "Cannot give an address of the canvas: this connection has no usable Host header"
        : "Cannot give an address of the canvas: the canvas host is off (canvasHost.enabled)",
      { retryable: false },
    );
  }
  return {
    surface: "canvas" as const,
    pluginSurfaceUrls: { canvas: address.url },
    expiresAtMs: address.expiresAtMs,
  };
}

const declare = (name: string, access: "node" | "operator.read", description: string) =>
  defineMethod({
    name,
    access,
    params: PluginSurfaceRefreshParams,
    result: PluginSurfaceRefreshResult,
    idempotency: "none",
    deadlineMs: 10_000,
    description,
    handle: refresh,
  });

export const surfaceMethods: readonly MethodDef[] = [
  declare("node.pluginSurface.refresh", "node", "The node's canvas address, prolonged"),
  declare("plugin.surface.refresh", "operator.read", "The client's canvas address, prolonged"),
];
