/** The composition root: builds every part from the configuration, joins them, starts and stops them in order. */
import { join } from "node:path";
import { ShutdownEvent } from "../schemas/event/system.ts";
import { createModelCatalog } from "./agent/catalog.ts";
import { createModelRunner } from "./agent/runner.ts";
import { createRunService } from "./agent/run_service.ts";
import { createTools, joinTools, sameTools } from "./agent/tools.ts";
import { type Auth, createAuth } from "./auth/create.ts";
import { createNodeCode, createPhoneLink } from "./auth/phone_link.ts";
import { gatewayIdentity } from "./auth/gateway_identity.ts";
import { type ConfigControl, type ConfigSource, createConfigControl } from "./config/control.ts";
import { keepLastGood } from "./config/last_good.ts";
import { startAccounts } from "./config/plan.ts";
import type { ChannelEntry, Config } from "./config/types.ts";
import { watchConfigFile } from "./config/watch.ts";
import { Hub } from "./connection/hub.ts";
import { LIMITS } from "../schemas/frame.ts";
import type { Certificate } from "./http/certificate.ts";
import { certificateFor, hostsOf, webchatLink } from "./http/own_names.ts";
import type { HttpServer, ListenAddress } from "./http/server.ts";
import type { Clock } from "./observe/clock.ts";
import type { Log } from "./observe/log.ts";
import { startPeriodic } from "./periodic.ts";
import { createMessaging, type Messaging } from "./messaging.ts";
import { createPeriphery } from "./periphery.ts";
import { createPort } from "./port.ts";
import { channelHealth } from "./presence/channel_snapshot.ts";
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
import { type CanvasPort, openCanvasPort } from "./canvas_port.ts";
import { type Db, openDb } from "./storage/db.ts";
import { loadStoreKey } from "./supervisor/store_key.ts";

export interface AppOptions {
  readonly config: Config;
  /** Where changes of the configuration come from while the gateway runs. */
  readonly source: ConfigSource;
  readonly log: Log;
  readonly clock: Clock;
  readonly version: string;
  readonly listen: readonly ListenAddress[];
  /** Folder of the built pages, absolute. */
  readonly staticDir: string;
  /** Checks every outgoing event and result against its schema; for tests and development. */
  readonly strict?: boolean;
  /** Providers beside the shipped ones, or in their place. Only tests have any: no command line can set it. */
  readonly workerEntries?: readonly ChannelEntry[];
  /** Something starts the process again when it ends with the exit code of `restartWanted`. */
  readonly supervised?: boolean;
}

export interface RunningGateway {
  /** The addresses that were opened; ports are real ones also when 0 was asked for. */
  readonly addresses: readonly ListenAddress[];
  /** The canvas host's own; none when it is off or its port is taken, and then `problem` says so. */
  readonly canvas: Pick<CanvasPort, "addresses" | "problem">;
  /** Of HTTPS; undefined with plain HTTP. */
  readonly certificate: Certificate | undefined;
  /** A link to WebChat with a new one-use code in its fragment, valid for ten minutes. */
  webchatLink(): string;
  /** Resolves with the reason when the process should end in order and be started again; only when supervised. */
  readonly restartWanted: Promise<string>;
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
  const { log, clock, config } = options;
  const stopping = new AbortController();
  const interfaces = Deno.networkInterfaces().map((each) => each.address);
  const auth = createAuth({ config, clock, db, hosts: hostsOf(options, interfaces) });
  const certificate = await certificateFor(options, interfaces);
  const hub = new Hub({ log, totalBufferedBytes: LIMITS.totalBufferedBytes, strict: options.strict ?? false });
  const live = createConfigControl({ started: await startConfig(options), source: options.source, log });
  const restart = Promise.withResolvers<string>();
  const storeKey = await loadStoreKey(config.stateDir);
  const open: { addresses: readonly ListenAddress[] } = { addresses: [] };
  const phoneLink = createPhoneLink({
    gateway: config.gateway,
    addresses: () => open.addresses,
    interfaces: () => interfaces,
    codes: auth.bootstrap,
    fingerprint: () => certificate?.own === true ? certificate.fingerprint : undefined,
  });
  const { services, state, runs, messaging, periphery } = createServices({
    ...options,
    live,
    db,
    hub,
    auth,
    storeKey,
    restart,
    phoneLink,
  });
  const dedupe = new Dedupe(db, clock);
  const dispatcher = new Dispatcher({
    services,
    dedupe,
    methods: METHODS,
    stopping: stopping.signal,
    strict: options.strict ?? false,
  });
  const canvas = await openCanvasPort({
    ...options,
    auth,
    certificate,
    capabilities: periphery.surfaces,
    gatewayPort: () => periphery.ports()?.gateway,
  }, options.listen);
  const { server, sockets } = createPort({
    ...options,
    services,
    state,
    hub,
    dispatcher,
    auth,
    certificate,
    canvas,
  });
  const addresses = open.addresses = await server.listen(options.listen).catch(async (error) => {
    await canvas.close();
    throw error;
  });
  periphery.opened({
    gateway: addresses[0]?.port ?? 0,
    canvas: canvas.addresses[0]?.port,
    canvasProblem: canvas.problem,
  });
  runs.service.recover();
  await messaging.begin();
  const unwatch = watchConfigFile({ path: options.source.path, clock, changed: () => live.fileChanged() });
  const stopPeriodic = startPeriodic({
    clock,
    hub,
    health: services.health,
    sweeps: [() => dedupe.sweep(), runs.sweep, messaging.sweep, periphery.sweep],
  });
  sockets.startPings();
  return {
    addresses,
    canvas,
    certificate,
    webchatLink: () => webchatLink(config, addresses, auth.bootstrap.issue().code),
    restartWanted: restart.promise,
    stop: async (reason, drainMs) => {
      unwatch();
      stopPeriodic();
      hub.publish(ShutdownEvent, { reason, restartExpectedMs: null });
      messaging.stopIntake();
      periphery.stop();
      await runs.service.drain(drainMs);
      await messaging.stop(Math.min(drainMs, DRAIN_OUTBOX_MS));
      stopping.abort();
      // First, as pages also listen for changes of the canvas on the gateway's port, which waits for its sockets to end.
      await canvas.close();
      await closePort(hub, server, () => sockets.stop());
      await runs.stopWorker();
      db.close();
    },
  };
}

/** What is due to the platforms at the end; the rest is sent after the next start. */
const DRAIN_OUTBOX_MS = 5_000;

/** The configuration with the accounts that this process may run, and a copy of the file if it can be used. */
async function startConfig({ config, source, log }: AppOptions): Promise<Config> {
  const file = await source.read();
  if (file.config.raw !== undefined && file.invalid.length === 0) {
    await keepLastGood(source.path, file.config.raw).catch((error) => log.warn("config.copy_failed", { error }));
  }
  const { exists, raw, parsed } = file.config;
  return {
    ...config,
    // A token that was generated at start stands in the file by now.
    exists,
    raw,
    parsed,
    channels: { ...file.config.channels, accounts: startAccounts(file, source.held) },
  };
}

interface ServiceDeps extends AppOptions {
  readonly live: ConfigControl;
  readonly db: Db;
  readonly hub: Hub;
  readonly auth: Auth;
  readonly storeKey: Uint8Array;
  readonly restart: PromiseWithResolvers<string>;
  readonly phoneLink: Services["phoneLink"];
}

function createServices(deps: ServiceDeps) {
  const { config, log, clock, version, live, db, hub, auth } = deps;
  const startedAtMs = clock.now();
  const state = new StateCounters();
  const sessions = createSessionStore({ db, config, clock });
  const transcript = createTranscript({ db, clock });
  const models = createModelCatalog(config);
  const runner = createModelRunner({ config, clock, log });
  const periphery = createPeriphery({
    config,
    live,
    db,
    clock,
    log,
    bus: hub,
    devices: auth.pairing,
    hosts: auth.hosts,
  });
  const tools = joinTools(sameTools(createTools({ sessions, transcript, clock })), periphery.tools);
  const refresh = createRefresh(clock, () => health.refresh());
  const messaging: Messaging = createMessaging({
    db,
    clock,
    log,
    bus: hub,
    sessions,
    transcript,
    live,
    approvals: periphery.approvals,
    nodeName: (nodeId) => periphery.nodes.get(nodeId)?.displayName,
    storeKey: deps.storeKey,
    workerEntries: deps.workerEntries ?? [],
    ...(deps.supervised === true ? { orderlyRestart: (reason: string) => deps.restart.resolve(reason) } : {}),
    stateChanged: refresh,
    strict: deps.strict ?? false,
  });
  const health = new HealthService(clock, state, hub, config, sessions, () => channelHealth(messaging.channels));
  const parts = { db, config, clock, log, bus: hub, sessions, transcript, runner, models, tools };
  const service = createRunService({ ...parts, outlet: messaging.outlet });
  messaging.join(service);
  const { channels, inbox, outbox, trail, senders } = messaging;
  const selfEntry = createSelfEntry(version);
  const presence = new PresenceList(clock, state, hub, () => selfEntry(clock.now()));
  const services: Services = {
    config,
    live,
    channels,
    inbox,
    outbox,
    trail,
    senders,
    nodes: periphery.nodes,
    approvals: periphery.approvals,
    canvasFiles: periphery.canvasFiles,
    surfaces: periphery.surfaces,
    canvasProblem: () => periphery.ports()?.canvasProblem,
    screens: periphery.screens,
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
    health,
    connections: hub,
    phoneLink: deps.phoneLink,
    nodeCode: createNodeCode(deps.auth.bootstrap),
    version,
    startedAtMs,
    tools,
    identity: gatewayIdentity(db),
  };
  return {
    services,
    state,
    messaging,
    periphery,
    runs: { service, sweep: () => service.maintenance(), stopWorker: () => runner.stop() },
  };
}

/** Many accounts change their state at once at the start: one summary for all of them. */
function createRefresh(clock: Clock, refresh: () => void): () => void {
  let cancel: (() => void) | undefined;
  return () => {
    cancel ??= clock.after(REFRESH_MS, () => {
      cancel = undefined;
      refresh();
    });
  };
}
const REFRESH_MS = 100;

/** Clients get their close frame before the listeners end; what does not close in time is destroyed. */
async function closePort(hub: Hub, server: HttpServer, destroySockets: () => void): Promise<void> {
  hub.closeAll();
  const patience = Date.now() + 1_000;
  while (hub.size > 0 && Date.now() < patience) await new Promise((resolve) => setTimeout(resolve, 10));
  destroySockets();
  await server.close();
}
