/** The services of method handlers for unit tests: a real store in memory, the rest small stand-ins. */
import type { ModelCatalog, RunService } from "../../gateway/agent/types.ts";
import { grant } from "../../gateway/auth/grant.ts";
import type { Bus, PublishOptions, Recipient } from "../../gateway/bus.ts";
import type { Config, ModelInfo } from "../../gateway/config/types.ts";
import type { Client } from "../../gateway/connection/client.ts";
import { silentLog } from "../../gateway/observe/log.ts";
import type { MethodDef } from "../../gateway/rpc/define.ts";
import type { Services } from "../../gateway/rpc/services.ts";
import { createSessionStore } from "../../gateway/session/store.ts";
import { createTranscript } from "../../gateway/session/transcript.ts";
import { memoryDb } from "../../gateway/storage/db.ts";
import { invalid } from "../../schemas/error.ts";
import type { Protocol } from "../../schemas/frame.ts";
import type { Message } from "../../schemas/message.ts";
import type { Role } from "../../schemas/scope.ts";
import { checker } from "../../schemas/validate.ts";
import { FakeClock } from "./fake_clock.ts";

export const fakeModels: readonly ModelInfo[] = [
  model("fake", "small", { contextWindow: 128_000 }),
  model("fake", "thinker", { reasoning: true, contextWindow: 200_000, input: ["text", "image"] }),
];

function model(provider: string, id: string, more: Partial<ModelInfo>): ModelInfo {
  return {
    provider,
    id,
    name: id,
    contextWindow: undefined,
    maxTokens: undefined,
    reasoning: false,
    input: ["text"],
    ...more,
  };
}

/** A configuration with one agent and the protocol's defaults; `change` replaces top-level parts. */
export function fakeConfig(change: Partial<Config> = {}): Config {
  return {
    path: "/state/openclaw.json",
    stateDir: "/state",
    exists: false,
    raw: undefined,
    parsed: {},
    issues: [],
    warnings: [],
    gateway: {
      port: 18789,
      bind: "loopback",
      customBindHost: undefined,
      publicUrl: undefined,
      auth: { mode: "token", token: undefined, password: undefined },
      trustedProxies: [],
      allowedOrigins: [],
      localRoles: "silent",
      tls: undefined,
      nodes: { allowCommands: [], denyCommands: [] },
    },
    canvasHost: { enabled: true, port: 18793, root: "/state/canvas", liveReload: true },
    approvals: { enabled: true, mode: "session", targets: [] },
    agents: {
      list: [{
        id: "main",
        name: undefined,
        identity: {},
        model: undefined,
        workspace: undefined,
        systemPrompt: undefined,
      }],
      defaultId: "main",
      maxConcurrent: 4,
      timeoutSeconds: 600,
      thinkingDefault: "off",
      verboseDefault: "off",
      systemPrompt: undefined,
    },
    models: { providers: [], primary: "fake/small" },
    session: {
      scope: "per-sender",
      mainKey: "main",
      dmScope: "main",
      identityLinks: {},
      reset: { mode: "daily", atHour: 4, idleMinutes: undefined },
      resetByType: {},
      resetByChannel: {},
      resetTriggers: ["/new", "/reset"],
      sendPolicy: { default: "allow", rules: [] },
    },
    queue: { mode: "collect", byChannel: {}, debounceMs: 1000, cap: 20, drop: "summarize" },
    logging: { level: "info", format: "text" },
    channels: { accounts: [], defaultAccounts: {}, defaults: {} },
    bindings: [],
    messages: {
      groupChat: { historyLimit: 50, mentionPatterns: [] },
      inbound: { debounceMs: 0, byChannel: {} },
      ackReaction: undefined,
      ackReactionScope: "group-mentions",
      removeAckAfterReply: false,
      responsePrefix: undefined,
    },
    delivery: { unknown: "hold" },
    commands: { useAccessGroups: true },
    ...change,
  };
}

/** Keeps what was published, and hands it to the recipients that its `only` accepts. */
export class FakeBus implements Bus {
  readonly published: { readonly event: string; readonly payload: unknown }[] = [];
  readonly delivered: { readonly connId: string; readonly event: string; readonly payload: unknown }[] = [];
  readonly recipients: Recipient[] = [];
  publish: Bus["publish"] = (event, payload, options: PublishOptions = {}) => {
    const checked = checker(event.payload)(payload);
    if (!checked.ok) throw new Error(`Cannot publish "${event.name}": ${checked.error}`);
    this.published.push({ event: event.name, payload });
    for (const recipient of this.recipients) {
      if (options.only && !options.only(recipient)) continue;
      this.delivered.push({ connId: recipient.connId, event: event.name, payload });
    }
  };

  /** The names of the events published so far. */
  names(): string[] {
    return this.published.map(({ event }) => event);
  }
}

type ActiveRun = ReturnType<RunService["active"]>[number];

/** Runs that the test puts in; `abort` ends them unless `stuck`. */
export class FakeRuns implements RunService {
  readonly live = new Map<string, ActiveRun[]>();
  readonly aborted: string[] = [];
  stuck = false;
  active(sessionKey: string): readonly ActiveRun[] {
    return this.live.get(sessionKey) ?? [];
  }
  abort({ sessionKey }: { readonly sessionKey: string }): readonly string[] {
    this.aborted.push(sessionKey);
    const ids = this.active(sessionKey).map(({ runId }) => runId);
    if (!this.stuck) this.live.delete(sessionKey);
    return ids;
  }
  activeCount(): number {
    return [...this.live.values()].flat().length;
  }
  find(runId: string): { readonly sessionKey: string } | undefined {
    for (const [sessionKey, runs] of this.live) if (runs.some((run) => run.runId === runId)) return { sessionKey };
    return undefined;
  }
  start(): never {
    throw new Error("Cannot start a run: this stand-in has no model");
  }
  wait(): Promise<{ readonly status: "timeout" }> {
    return Promise.resolve({ status: "timeout" });
  }
  maintenance(): void {}
  recover(): void {}
  drain(): Promise<void> {
    return Promise.resolve();
  }
}

/** `fake/small` by default; a bare id or `<provider>/<id>` finds the others. */
export const fakeCatalog: ModelCatalog = {
  list: () => fakeModels,
  resolve(reference = "fake/small") {
    const info = fakeModels.find(({ provider, id }) => reference === id || reference === `${provider}/${id}`);
    if (!info) throw invalid(`unknown model: ${reference}`);
    return { info, target: { provider: info.provider, model: info.id, api: "builtin" } };
  },
  describeDefault: () => ({ provider: "fake", model: "small", source: "built in" }),
};

export interface FakeServices extends Services {
  readonly clock: FakeClock;
  readonly bus: FakeBus;
  readonly runs: FakeRuns;
}

/** Services around a database in memory. What is not replaced by `change` and makes no sense without a gateway throws. */
export function fakeServices(change: Partial<Services> = {}): FakeServices {
  const db = memoryDb();
  const clock = new FakeClock();
  const config = change.config ?? fakeConfig();
  return {
    config,
    log: silentLog,
    db,
    sessions: createSessionStore({ db, config, clock }),
    transcript: createTranscript({ db, clock }),
    models: fakeCatalog,
    pairing: missing("pairing"),
    deviceTokens: missing("deviceTokens"),
    presence: missing("presence"),
    health: missing("health"),
    connections: { list: () => [], closeDevice: () => 0 },
    version: "0.0.0-test",
    startedAtMs: clock.now(),
    live: {
      ...missing<Services["live"]>("live"),
      current: () => config,
      read: () =>
        Promise.resolve({
          config,
          paths: missing("paths"),
          secretSource: "absent",
          explicitPort: false,
          canvasRoot: "/state/canvas",
          asksOllama: false,
          unreadable: config.exists && config.parsed === undefined,
          invalid: [],
          manifests: [],
        }),
      onChange: () => () => {},
      restartReasons: () => [],
    },
    channels: {
      ...missing<Services["channels"]>("channels"),
      manifests: () => [],
      accounts: () => [],
      account: () => undefined,
      defaultAccountId: () => undefined,
    },
    inbox: missing("inbox"),
    outbox: missing("outbox"),
    trail: missing("trail"),
    senders: missing("senders"),
    phoneLink: () => ({ available: false, reason: "This test has no address" }),
    nodeCode: () => ({ code: "code-of-this-test", expiresAtMs: 600_000 }),
    nodes: missing("nodes"),
    approvals: missing("approvals"),
    canvasFiles: missing("canvasFiles"),
    surfaces: missing("surfaces"),
    canvasProblem: () => undefined,
    screens: missing("screens"),
    tools: { all: () => [{ name: "time", description: "The time" }] },
    identity: { deviceId: "d".repeat(64), publicKey: "k".repeat(43) },
    ...change,
    clock,
    bus: new FakeBus(),
    runs: new FakeRuns(),
  };
}

function missing<T extends object>(name: string): T {
  return new Proxy<T>(Object.create(null), {
    get: (_target, key) => {
      throw new Error(`Cannot use ${name}.${String(key)}: this test gave no ${name}`);
    },
  });
}

export interface FakeClientOptions {
  readonly scopes?: readonly string[];
  readonly role?: Role;
  readonly protocol?: Protocol;
  readonly connId?: string;
  readonly deviceId?: string;
}

/** An authenticated client; an admin operator on protocol 4 unless told otherwise. */
export function fakeClient(options: FakeClientOptions = {}): Client {
  const { connId = "conn-1", deviceId, protocol = 4, role = "operator", scopes = ["operator.admin"] } = options;
  return {
    connId,
    protocol,
    grant: grant(role, scopes),
    method: "token",
    info: { id: "test", version: "1", platform: "linux", mode: "test" },
    caps: new Set(),
    deviceId,
    remoteIp: undefined,
    local: true,
    host: "127.0.0.1:18789",
    secure: false,
    connectedAtMs: 0,
    node: undefined,
    principal: deviceId ?? "test",
    topics: new Set(),
    close: () => {},
  };
}

/**
 * Calls a method as the dispatcher does: parameters are checked before, the result after, both against the declared
 * schemas. Returns the result as a client sees it, after JSON.
 */
export async function callMethod(
  methods: readonly MethodDef[],
  name: string,
  params: unknown,
  services: Services,
  client: Client = fakeClient(),
): Promise<Record<string, unknown>> {
  const def = methods.find((method) => method.name === name);
  if (!def) throw new Error(`Cannot call "${name}": it is not in the table`);
  const given = checker(def.params)(params);
  if (!given.ok) throw invalid(`invalid ${name} params: ${given.error}`);
  const signal = new AbortController().signal;
  const result = await def.handle({ params: given.value, client, signal, respond: () => {} }, services);
  const seen: unknown = JSON.parse(JSON.stringify(result));
  const checked = checker(def.result)(seen);
  if (!checked.ok) throw new Error(`Cannot answer "${name}": ${checked.error}`);
  return isObject(seen) ? seen : { value: seen };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

export const userSays = (text: string, timestamp = 1): Message => ({
  role: "user",
  content: [{ type: "text", text }],
  timestamp,
});

export const assistantSays = (text: string, timestamp = 2): Message => ({
  role: "assistant",
  content: [{ type: "text", text }],
  timestamp,
  provider: "fake",
  model: "small",
  usage: { input: 10, output: 3, total: 13 },
  stopReason: "stop",
});
