/** What method handlers may use. `app.ts` builds it once; handlers see these interfaces and nothing behind them. */
import type { ModelCatalog, RunService, Tool } from "../agent/types.ts";
import type { ExecApprovals } from "../approval/types.ts";
import type { NodeCode, PhoneLink } from "../auth/phone_link.ts";
import type { DeviceTokens, PairingStore } from "../auth/types.ts";
import type { Bus } from "../bus.ts";
import type { ConfigControl } from "../config/control.ts";
import type { CanvasFiles, CanvasSurfaces, Screens } from "../canvas/types.ts";
import type { Config } from "../config/types.ts";
import type { Client } from "../connection/client.ts";
import type { Clock } from "../observe/clock.ts";
import type { Inbox } from "../delivery/inbox.ts";
import type { fetchMedia } from "../delivery/media.ts";
import type { DeliveryService } from "../delivery/outbox.ts";
import type { MessageTrail } from "../delivery/trail.ts";
import type { Nodes } from "../node/types.ts";
import type { Log } from "../observe/log.ts";
import type { HealthService } from "../presence/health.ts";
import type { PresenceList } from "../presence/presence.ts";
import type { SenderPairing } from "../session/sender_pairing.ts";
import type { SessionStore, Transcript } from "../session/types.ts";
import type { Db } from "../storage/db.ts";
import type { Channels } from "../supervisor/types.ts";

export interface Services {
  /** As it was at start. */
  readonly config: Config;
  /** As it is now, and how to change it. */
  readonly live: ConfigControl;
  readonly channels: Channels;
  readonly inbox: Inbox;
  readonly outbox: DeliveryService;
  readonly trail: MessageTrail;
  /** Another way to fetch attachments; for tests, whose servers stand on this host. */
  readonly fetchMedia?: typeof fetchMedia;
  /** Strangers who asked to be let in, and who was. */
  readonly senders: SenderPairing;
  readonly clock: Clock;
  readonly log: Log;
  readonly db: Db;
  readonly bus: Bus;
  readonly sessions: SessionStore;
  readonly transcript: Transcript;
  readonly runs: RunService;
  readonly models: ModelCatalog;
  readonly pairing: PairingStore;
  readonly deviceTokens: DeviceTokens;
  readonly presence: PresenceList;
  readonly health: HealthService;
  readonly nodes: Nodes;
  readonly approvals: ExecApprovals;
  readonly canvasFiles: CanvasFiles;
  readonly surfaces: CanvasSurfaces;
  /** Why the canvas host has no port of its own although it should. */
  readonly canvasProblem: () => string | undefined;
  readonly screens: Screens;
  readonly connections: Connections;
  /** A new link for a phone with each call (gateway/auth/phone_link.ts). */
  readonly phoneLink: () => PhoneLink;
  /** A new one-use code for a node with each call. */
  readonly nodeCode: () => NodeCode;
  readonly version: string;
  readonly startedAtMs: number;
  /** The tools that the owner's runs get now. */
  readonly tools: { all(): readonly Pick<Tool, "name" | "description">[] };
  /** The gateway's own device id and public key. */
  readonly identity: { readonly deviceId: string; readonly publicKey: string };
}

/** The live sockets, for handlers that list or close them. */
export interface Connections {
  list(): Iterable<Client>;
  /** Closes every socket of the device (and role, when given). Returns how many. */
  closeDevice(deviceId: string, role: string | undefined, code: number, reason: string): number;
}
