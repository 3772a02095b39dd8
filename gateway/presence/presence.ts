/** Who is connected, as `system-presence` and the presence event show it (events facts, section 4). */
import { type PresenceEntry, PresenceEvent } from "../../schemas/event/presence.ts";
import type { Bus } from "../bus.ts";
import type { Client } from "../connection/client.ts";
import type { Clock } from "../observe/clock.ts";
import type { StateCounters } from "./state.ts";

const TTL_MS = 5 * 60_000;
const MAX_ENTRIES = 200;

export class PresenceList {
  readonly #entries = new Map<string, PresenceEntry>();
  constructor(
    private readonly clock: Clock,
    private readonly state: StateCounters,
    private readonly bus: Bus,
    private readonly self: () => PresenceEntry,
  ) {}

  /** Newest first, the gateway itself included. Entries end five minutes after their last sign of life. */
  list(): PresenceEntry[] {
    const oldest = this.clock.now() - TTL_MS;
    for (const [key, entry] of this.#entries) if (entry.ts < oldest) this.#entries.delete(key);
    return [this.self(), ...this.#entries.values()].sort((a, b) => b.ts - a.ts);
  }

  /** A client came. Counted, not broadcast: only departures and system-events are (observed in both generations). */
  connected(client: Client): void {
    if (!isTracked(client)) return;
    this.#put(keyOf(client), this.#entryOf(client, "connect"));
    this.state.bump("presence");
  }

  disconnected(client: Client): void {
    if (!isTracked(client)) return;
    this.#put(keyOf(client), this.#entryOf(client, "disconnect"));
    this.#announce();
  }

  /** `system-event`: makes or changes an entry. */
  beacon(key: string, entry: Omit<PresenceEntry, "ts">): void {
    const before = this.#entries.get(key);
    this.#put(key, { ...before, ...entry, ts: this.clock.now() });
    this.#announce();
  }

  #announce(): void {
    const stateVersion = this.state.bump("presence");
    this.bus.publish(PresenceEvent, { presence: this.list() }, { stateVersion });
  }

  /** Full list: the entry that was silent longest goes. */
  #put(key: string, entry: PresenceEntry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= MAX_ENTRIES) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }

  #entryOf(client: Client, reason: string): PresenceEntry {
    const { info } = client;
    const host = info.displayName ?? info.id;
    return {
      host,
      ...(client.remoteIp === undefined ? {} : { ip: client.remoteIp }),
      version: info.version,
      platform: info.platform,
      ...(info.deviceFamily === undefined ? {} : { deviceFamily: info.deviceFamily }),
      ...(info.modelIdentifier === undefined ? {} : { modelIdentifier: info.modelIdentifier }),
      mode: info.mode,
      ...(client.deviceId === undefined ? {} : { deviceId: client.deviceId }),
      roles: [client.grant.role],
      scopes: [...client.grant.scopes],
      instanceId: keyOf(client),
      reason,
      text: `Node: ${host} · mode ${info.mode}`,
      ts: this.clock.now(),
    };
  }
}

/** Clients of mode `cli` come and go with every command and are not tracked. */
const isTracked = (client: Client): boolean => client.info.mode !== "cli" && client.info.mode !== "probe";
const keyOf = (client: Client): string => client.deviceId ?? client.info.instanceId ?? client.connId;
