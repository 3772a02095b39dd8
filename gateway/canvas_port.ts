/** The canvas host and its own port. A port that is taken costs that port, not the gateway. */
import type { Auth } from "./auth/create.ts";
import { prepareCanvasRoot } from "./canvas/demo.ts";
import { type CanvasHost, createCanvasHost } from "./canvas/host.ts";
import type { CapabilityCheck } from "./canvas/surfaces.ts";
import { describe } from "./config/listen.ts";
import type { Config } from "./config/types.ts";
import { canvasRoutes } from "./http/canvas_routes.ts";
import type { Certificate } from "./http/certificate.ts";
import { HttpServer, type ListenAddress } from "./http/server.ts";
import type { Clock } from "./observe/clock.ts";
import type { Log } from "./observe/log.ts";

export interface CanvasPortDeps {
  readonly config: Config;
  readonly auth: Auth;
  readonly capabilities: CapabilityCheck;
  readonly certificate: Certificate | undefined;
  readonly gatewayPort: () => number | undefined;
  /** Folder of the built web parts. */
  readonly staticDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface CanvasPort {
  /** Undefined: canvasHost.enabled is false. */
  readonly host: CanvasHost | undefined;
  /** The addresses that are open; none when the host is off or its port is taken. */
  readonly addresses: readonly ListenAddress[];
  /** Why the canvas has no port of its own although it should. */
  readonly problem: string | undefined;
  /** Ends live reload and closes the port. */
  close(): Promise<void>;
}

/** Opens the canvas port at the names on which the gateway listens. Never fails: what went wrong is `problem`. */
export async function openCanvasPort(deps: CanvasPortDeps, listen: readonly ListenAddress[]): Promise<CanvasPort> {
  const { config, log } = deps;
  if (!config.canvasHost.enabled) return { host: undefined, addresses: [], problem: undefined, close: async () => {} };
  await prepareCanvasRoot(config.canvasHost.root).catch((error) => log.warn("canvas.root.failed", { error }));
  const host = hostOf(deps);
  const server = new HttpServer({ routes: canvasRoutes(host), log, tls: deps.certificate });
  const wanted = listen.map((each) => ({ ...each, port: config.canvasHost.port }));
  const opened = await server.listen(wanted).then((addresses) => ({ addresses, problem: undefined }), (error) => {
    const reason = reasonOf(error);
    log.warn("canvas.port.failed", { port: config.canvasHost.port, reason });
    return { addresses: [], problem: problemOf(wanted, reason) };
  });
  return {
    host,
    ...opened,
    close: async () => {
      host.stop();
      await server.close();
    },
  };
}

function hostOf({ config, auth, capabilities, gatewayPort, staticDir, clock, log }: CanvasPortDeps): CanvasHost {
  const { gateway, canvasHost } = config;
  return createCanvasHost({
    root: canvasHost.root,
    liveReload: canvasHost.liveReload,
    staticDir,
    publicUrl: gateway.publicUrl,
    trustedProxies: gateway.trustedProxies,
    hosts: auth.hosts,
    secret: auth.secret,
    limiter: auth.limiter,
    capabilities,
    gatewayPort,
    clock,
    log,
  });
}

const problemOf = (wanted: readonly ListenAddress[], reason: string): string =>
  `Cannot open the canvas port ${describe(wanted)}: ${reason}. The canvas is served on the gateway's port; ` +
  "set canvasHost.port to another one";

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (error instanceof Deno.errors.AddrInUse || code === "EADDRINUSE") return "another program uses that port";
  if (error instanceof Deno.errors.NotCapable) return "this process was started without the permission for it";
  return error instanceof Error ? error.message : String(error);
}
