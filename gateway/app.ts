/** The composition root: builds every part from the configuration, joins them, starts and stops them in order. */
import { hostname } from "node:os";
import { join } from "node:path";
import { ShutdownEvent } from "../schemas/event/system.ts";
import { createModelCatalog } from "./agent/catalog.ts";
import { createModelRunner } from "./agent/runner.ts";
import { createRunService } from "./agent/run_service.ts";
import { createTools } from "./agent/tools.ts";
import { type Auth, createAuth } from "./auth/create.ts";
import { gatewayIdentity } from "./auth/gateway_identity.ts";
import { type KnownHosts, knownHosts } from "./auth/known_hosts.ts";
import type { Config } from "./config/types.ts";
import { Hub } from "./connection/hub.ts";
import { LIMITS } from "../schemas/frame.ts";
import type { HttpServer, ListenAddress } from "./http/server.ts";
import type { Clock } from "./observe/clock.ts";
import type { Log } from "./observe/log.ts";
import { startPeriodic } from "./periodic.ts";
import { createPort } from "./port.ts";
import { HealthService } from "./presence/health.ts";
import { PresenceList } from "./presence/presence.ts";
import { createSelfEntry } from "./presence/self.ts";
import { StateCounters } from "./presence/state.ts";
import { Dedupe } from "./rpc/dedupe.ts";
import { Dispatcher } from "./rpc/dispatch.ts";
import { METHODS } from "./rpc/registry.ts";
import type { Services } from "./rpc/services.ts";
import { createSessionStore } from "./session/store.ts";
import { createTranscript } from "./session/transcript.ts";
import { type Db, openDb } from "./storage/db.ts";

export interface AppOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly version: string;
  readonly listen: readonly ListenAddress[];
  /** Folder of the built WebChat, absolute. */
  readonly webchatDir: string;
  /** Checks every outgoing event and result against its schema; for tests and development. */
  readonly strict?: boolean;
}

export interface RunningGateway {
  /** The addresses that were opened; ports are real ones also when 0 was asked for. */
  readonly addresses: readonly ListenAddress[];
  /** A link to WebChat with a new one-use code in its fragment, valid for ten minutes. */
  webchatLink(): string;
  /** What waits for a restart since the configuration file changed; shown in `status`. */
  setRestartReasons(reasons: readonly string[]): void;
  /** Tells every client, lets running work finish for `drainMs`, closes 1012, writes everything out. */
  stop(reason: string, drainMs: number): Promise<void>;
}

/** Starts the gateway. Throws when an address or the state directory cannot be used; nothing is left open then. */
export async function startGateway(options: AppOptions): Promise<RunningGateway> {
  const db = await openDb(join(options.config.stateDir, "gateway.sqlite"));
  try {
    return await assemble(options, db);
  } catch (error) {
    db.close();
    throw error;
  }
}

async function assemble(options: AppOptions, db: Db): Promise<RunningGateway> {
  const { config, log, clock } = options;
  const stopping = new AbortController();
  const auth = createAuth({ config, clock, db, hosts: hostsOf(options) });
  const hub = new Hub({ log, totalBufferedBytes: LIMITS.totalBufferedBytes, strict: options.strict ?? false });
  const { services, state, runs, restart } = createServices(options, db, hub, auth);
  const dedupe = new Dedupe(db, clock);
  const dispatcher = new Dispatcher({
    services,
    dedupe,
    methods: METHODS,
    stopping: stopping.signal,
    strict: options.strict ?? false,
  });
  const { server, sockets } = createPort({ ...options, services, state, hub, dispatcher, auth });
  const addresses = await server.listen(options.listen);
  runs.service.recover();
  const stopPeriodic = startPeriodic({
    clock,
    hub,
    health: services.health,
    sweeps: [() => dedupe.sweep(), runs.sweep],
  });
  sockets.startPings();
  return {
    addresses,
    webchatLink: () => webchatLink(config, addresses, auth.bootstrap.issue().code),
    setRestartReasons: (reasons) => restart.reasons = reasons,
    stop: async (reason, drainMs) => {
      stopPeriodic();
      hub.publish(ShutdownEvent, { reason, restartExpectedMs: null });
      await runs.service.drain(drainMs);
      stopping.abort();
      await closePort(hub, server, () => sockets.stop());
      await runs.stopWorker();
      db.close();
    },
  };
}

function createServices(options: AppOptions, db: Db, hub: Hub, auth: Auth) {
  const { config, log, clock, version } = options;
  const startedAtMs = clock.now();
  const state = new StateCounters();
  const sessions = createSessionStore({ db, config, clock });
  const transcript = createTranscript({ db, clock });
  const models = createModelCatalog(config);
  const runner = createModelRunner({ config, clock, log });
  const tools = createTools({ sessions, transcript, clock });
  const service = createRunService({
    db,
    config,
    clock,
    log,
    bus: hub,
    sessions,
    transcript,
    runner,
    models,
    tools,
  });
  const selfEntry = createSelfEntry(version);
  const presence = new PresenceList(clock, state, hub, () => selfEntry(clock.now()));
  const noChannels = () => ({ channels: {}, order: [], labels: {} });
  const restart: { reasons: readonly string[] } = { reasons: [] };
  const services: Services = {
    config,
    clock,
    log,
    db,
    bus: hub,
    sessions,
    transcript,
    runs: service,
    models,
    pairing: auth.pairing,
    deviceTokens: auth.deviceTokens,
    presence,
    health: new HealthService(clock, state, hub, config, sessions, noChannels),
    connections: hub,
    version,
    startedAtMs,
    restartReasons: () => restart.reasons,
    tools,
    identity: gatewayIdentity(db),
  };
  return {
    services,
    state,
    restart,
    runs: { service, sweep: () => service.maintenance(), stopWorker: () => runner.stop() },
  };
}

/** The names under which this gateway may be called. Needs the system permissions `hostname` and `networkInterfaces`. */
function hostsOf({ listen, config }: AppOptions): KnownHosts {
  return knownHosts({
    hostname: hostname(),
    interfaces: Deno.networkInterfaces().map((each) => each.address),
    bound: listen.map((each) => each.hostname),
    publicUrl: config.gateway.publicUrl,
  });
}

/** Clients get their close frame before the listeners end; what does not close in time is destroyed. */
async function closePort(hub: Hub, server: HttpServer, destroySockets: () => void): Promise<void> {
  hub.closeAll();
  const patience = Date.now() + 1_000;
  while (hub.size > 0 && Date.now() < patience) await new Promise((resolve) => setTimeout(resolve, 10));
  destroySockets();
  await server.close();
}

/** The code is in the fragment, which a browser sends to nobody. */
function webchatLink(config: Config, addresses: readonly ListenAddress[], code: string): string {
  const first = addresses[0];
  const host = first?.hostname.includes(":") ? `[${first.hostname}]` : first?.hostname ?? "127.0.0.1";
  const origin = config.gateway.publicUrl?.origin ?? `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${first?.port}`;
  return `${origin}/#code=${code}`;
}
