/** Joins HTTP, sockets, handshake, hub and dispatcher into the one port that clients see. */
import { hostname } from "node:os";
import { LIMITS } from "../schemas/frame.ts";
import { EVENTS } from "../schemas/event/mod.ts";
import type { Snapshot } from "../schemas/connect.ts";
import type { Auth } from "./auth/create.ts";
import { type Grant, permits } from "./auth/grant.ts";
import type { CanvasPort } from "./canvas_port.ts";
import { checkHost } from "./auth/known_hosts.ts";
import type { Config } from "./config/types.ts";
import type { Connection } from "./connection/connection.ts";
import { Handshake, type HandshakeOutcome, type Peer } from "./connection/handshake.ts";
import { helloOk } from "./connection/hello.ts";
import type { Hub } from "./connection/hub.ts";
import { Sockets } from "./connection/sockets.ts";
import type { Certificate } from "./http/certificate.ts";
import { HttpServer } from "./http/server.ts";
import { createRoutes } from "./http/routes.ts";
import { StaticFiles } from "./http/static_files.ts";
import { createWebhooks } from "./http/webhooks.ts";
import { type Clock, uuid } from "./observe/clock.ts";
import type { Log } from "./observe/log.ts";
import type { StateCounters } from "./presence/state.ts";
import type { Dispatcher } from "./rpc/dispatch.ts";
import { METHODS } from "./rpc/registry.ts";
import type { Services } from "./rpc/services.ts";

export interface PortOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly version: string;
  /** Folder of the built pages. */
  readonly staticDir: string;
  /** The canvas host, with or without a port of its own. */
  readonly canvas: CanvasPort;
  readonly services: Services;
  readonly state: StateCounters;
  readonly hub: Hub;
  readonly dispatcher: Dispatcher;
  readonly auth: Auth;
  readonly certificate: Certificate | undefined;
}

type Accepted = Extract<HandshakeOutcome, { kind: "accepted" }>;

export function createPort(options: PortOptions): { readonly server: HttpServer; readonly sockets: Sockets } {
  const { clock, log, dispatcher, services, hub, auth } = options;
  const sockets = new Sockets({
    gatekeeper: {
      clock,
      log,
      maxPayload: LIMITS.maxPayload,
      maxBufferedBytes: LIMITS.maxBufferedBytes,
      handshakeTimeoutMs: LIMITS.handshakeTimeoutMs,
      welcome: createWelcome(options),
      gone: (connection) => {
        hub.remove(connection);
        services.presence.disconnected(connection);
        services.surfaces.release(connection.connId);
        if (connection.grant.role === "node") services.nodes.disconnected(connection);
      },
      frame: (connection, text) => {
        if (!connection.receive(text, dispatcher)) log.debug("frame.ignored", { connId: connection.connId });
      },
    },
    handshake: createHandshakes(options),
  });
  const routes = createRoutes({
    files: new StaticFiles(`${options.staticDir}/webchat`),
    nodeFiles: new StaticFiles(`${options.staticDir}/node`),
    canvas: options.canvas.host,
    canvasPort: () => options.canvas.addresses[0]?.port,
    publicUrl: options.config.gateway.publicUrl,
    isKnownHost: (host) => checkHost(host, auth.hosts).ok,
    hasRoom: (address) => sockets.hasRoom(address),
    ready: () => true,
    webhooks: createWebhooks({ channels: services.channels, log }),
  });
  return { server: new HttpServer({ routes, sockets, log, tls: options.certificate }), sockets };
}

/** One handshake per socket; the limiter is shared, so that failures count across sockets. */
function createHandshakes({ auth, config, clock, log, hub }: PortOptions): (peer: Peer) => Handshake {
  const deps = { ...auth, config, clock, log, bus: hub };
  return (peer) => new Handshake(deps, peer, uuid());
}

/** Sends hello-ok, then joins hub and presence in the same turn: an event between the two would be lost. */
function createWelcome(options: PortOptions): (connection: Connection, requestId: string, accepted: Accepted) => void {
  const { hub, services, config } = options;
  const facts = {
    version: options.version,
    bootId: uuid(),
    hostname: hostname(),
    methods: METHODS.filter((def) => def.advertised !== false).map((def) => def.name),
    events: [...new Set(EVENTS.map((event) => event.name))],
    authMode: config.gateway.auth.mode,
    maxPayload: LIMITS.maxPayload,
    maxBufferedBytes: LIMITS.maxBufferedBytes,
    tickIntervalMs: LIMITS.tickIntervalMs,
    attachmentBytes: LIMITS.attachmentBytes,
    snapshot: () => snapshotOf(options),
  };
  return (connection, requestId, accepted) => {
    services.presence.connected(connection);
    const canvasUrl = mayReadCanvas(connection.grant) ? services.surfaces.urlFor(connection)?.url : undefined;
    connection.respond(requestId, helloOk({ ...facts, canvasUrl }, connection, accepted.auth));
    hub.add(connection);
    if (connection.grant.role === "node") services.nodes.connected(connection);
  };
}

/** The same rights as for the methods that prolong the address: it opens every file of the canvas. */
const mayReadCanvas = (grant: Grant): boolean => permits(grant, "node") || permits(grant, "operator.read");

function snapshotOf({ config, services, state, clock }: PortOptions): Omit<Snapshot, "authMode"> {
  const { agents, session } = config;
  return {
    presence: services.presence.list(),
    health: services.health.current(),
    stateVersion: state.current(),
    uptimeMs: clock.now() - services.startedAtMs,
    configPath: config.path,
    stateDir: config.stateDir,
    sessionDefaults: {
      defaultAgentId: agents.defaultId,
      mainKey: session.mainKey,
      mainSessionKey: session.scope === "global" ? "global" : `agent:${agents.defaultId}:${session.mainKey}`,
      scope: session.scope,
    },
  };
}
