/** Every event of the gateway, in the order that `features.events` announces them. */
import { AgentEvent } from "./agent.ts";
import { ExecApprovalRequestedEvent, ExecApprovalResolvedEvent } from "./approval.ts";
import { CanvasChangedEvent } from "./canvas.ts";
import { ChatEvent } from "./chat.ts";
import type { EventDef } from "./define.ts";
import { NodeInvokeRequestEvent, NodePairRequestedEvent, NodePairResolvedEvent, NodesChangedEvent } from "./node.ts";
import { DevicePairRequestedEvent, DevicePairResolvedEvent } from "./pairing.ts";
import { PresenceEvent } from "./presence.ts";
import { SenderPairingRequestedEvent, SenderPairingResolvedEvent } from "./sender_pairing.ts";
import { SessionMessageEvent, SessionsChangedEvent } from "./session.ts";
import { ChallengeEvent, HealthEvent, HeartbeatEvent, ShutdownEvent, TickEvent } from "./system.ts";

export const EVENTS: readonly EventDef[] = [
  ChallengeEvent,
  AgentEvent,
  ChatEvent,
  PresenceEvent,
  TickEvent,
  ShutdownEvent,
  HealthEvent,
  HeartbeatEvent,
  NodePairRequestedEvent,
  NodePairResolvedEvent,
  NodeInvokeRequestEvent,
  DevicePairRequestedEvent,
  DevicePairResolvedEvent,
  ExecApprovalRequestedEvent,
  ExecApprovalResolvedEvent,
  NodesChangedEvent,
  CanvasChangedEvent,
  SessionsChangedEvent,
  SessionMessageEvent,
  SenderPairingRequestedEvent,
  SenderPairingResolvedEvent,
];
