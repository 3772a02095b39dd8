/** The health summary: one cached snapshot, refreshed every minute and on demand (methods facts, section 3.1). */
import { HealthEvent } from "../../schemas/event/system.ts";
import type { Bus } from "../bus.ts";
import type { Config } from "../config/types.ts";
import type { Clock } from "../observe/clock.ts";
import { RawJson } from "../raw_json.ts";
import type { SessionStore } from "../session/types.ts";
import type { StateCounters } from "./state.ts";

const MAX_AGE_MS = 60_000;
const RECENT = 5;

export type HealthSummary = Record<string, unknown>;

export class HealthService {
  #summary: HealthSummary | undefined;
  #json = new RawJson("{}");
  #takenAt = 0;
  constructor(
    private readonly clock: Clock,
    private readonly state: StateCounters,
    private readonly bus: Bus,
    private readonly config: Config,
    private readonly sessions: SessionStore,
    private readonly channels: () => ChannelHealth,
  ) {}

  /** The cached summary, or a fresh one when it is older than a minute. */
  current(): HealthSummary {
    return this.#summary !== undefined && this.clock.now() - this.#takenAt < MAX_AGE_MS
      ? this.#summary
      : this.refresh();
  }

  /** `current()` as JSON text: `health` is the most frequent call and its answer is the same for everybody. */
  currentJson(): RawJson {
    this.current();
    return this.#json;
  }

  /** Takes a new summary and tells every client. */
  refresh(): HealthSummary {
    const started = this.clock.now();
    const summary = this.#take(started);
    this.#summary = summary;
    this.#json = new RawJson(JSON.stringify(summary));
    this.#takenAt = started;
    this.bus.publish(HealthEvent, summary, { stateVersion: this.state.bump("health") });
    return summary;
  }

  #take(now: number): HealthSummary {
    const recent = (agentId?: string) => {
      const { sessions, total } = this.sessions.list({ limit: RECENT, ...(agentId === undefined ? {} : { agentId }) });
      return {
        path: this.config.stateDir,
        count: total,
        recent: sessions.map((s) => ({ key: s.key, updatedAt: s.updatedAt, age: now - s.updatedAt })),
      };
    };
    const { channels, order, labels } = this.channels();
    return {
      ok: true,
      ts: now,
      durationMs: this.clock.now() - now,
      channels,
      channelOrder: order,
      channelLabels: labels,
      heartbeatSeconds: 0,
      defaultAgentId: this.config.agents.defaultId,
      agents: this.config.agents.list.map((agent) => ({
        agentId: agent.id,
        ...(agent.name === undefined ? {} : { name: agent.name }),
        isDefault: agent.id === this.config.agents.defaultId,
        heartbeat: { enabled: false, every: "0m", everyMs: null, prompt: "", target: "none", ackMaxChars: 300 },
        sessions: recent(agent.id),
      })),
      sessions: recent(),
    };
  }
}

export interface ChannelHealth {
  readonly channels: Record<string, unknown>;
  readonly order: readonly string[];
  readonly labels: Record<string, string>;
}
