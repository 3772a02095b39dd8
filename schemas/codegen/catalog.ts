/** Everything that crosses a border, by name: what the JSON Schema bundle, the reference and the golden frames cover. */
import { CONFIG_PARTS, ConfigFile } from "../config.ts";
import { ConnectParams, HelloOk } from "../connect.ts";
import { ErrorShape } from "../error.ts";
import type { EventDef } from "../event/define.ts";
import { PresenceEntry } from "../event/presence.ts";
import { EventFrame, RequestFrame, ResponseFrame, StateVersion } from "../frame.ts";
import { PairRequest } from "../event/pairing.ts";
import { AttachmentInput, Message, Usage } from "../message.ts";
import { CommandView } from "../method/commands.ts";
import { HistoryMessage } from "../method/history.ts";
import { ModelView } from "../method/models.ts";
import { NodeView } from "../method/nodes.ts";
import { OutboxMessage } from "../method/outbox.ts";
import { SenderRequestRow } from "../method/pairing.ts";
import { SessionDefaultsView, SessionEntryView, SessionRow } from "../method/session_row.ts";
import { NODE_COMMANDS, type NodeCommandDef } from "../node_command.ts";
import { NODE_EVENTS, type NodeEventDef } from "../node_event.ts";
import type { TSchema } from "../primitives.ts";
import type { Access } from "../scope.ts";
import { AgentCommand, AgentReport, ModelTarget, ToolSpec } from "../worker/agent.ts";
import { ChannelCommand, ChannelError, ChannelReport, LoginStep, ReplyValue } from "../worker/channel.ts";
import { Chat, Inbound, MediaRef, Outbound, Receipt, Sender, Target } from "../worker/content.ts";
import { LifeReport } from "../worker/runtime.ts";

/** The declaration of a method as the generators need it; `MethodDef` of the gateway has these members and a handler. */
export interface MethodRow {
  readonly name: string;
  readonly access: Access;
  readonly params: TSchema;
  readonly result: TSchema;
  readonly idempotency: "none" | "shared" | "run";
  readonly deadlineMs: number;
  readonly advertised?: boolean;
  readonly description: string;
}

export interface Catalog {
  readonly methods: readonly MethodRow[];
  readonly events: readonly EventDef[];
  readonly nodeEvents: readonly NodeEventDef[];
  readonly nodeCommands: ReadonlyMap<string, NodeCommandDef>;
  /** Frames, handshake, shared types, configuration, worker messages, then params, results and payloads. */
  readonly schemas: ReadonlyMap<string, TSchema>;
  /** The schemas that others refer to by name instead of repeating them. */
  readonly shared: ReadonlyMap<string, TSchema>;
}

const SHARED = {
  Error: ErrorShape,
  StateVersion,
  Message,
  Usage,
  AttachmentInput,
  HistoryMessage,
  PresenceEntry,
  PairRequest,
  SessionRow,
  SessionEntry: SessionEntryView,
  SessionDefaults: SessionDefaultsView,
  Model: ModelView,
  Command: CommandView,
  Node: NodeView,
  ModelTarget,
  ToolSpec,
  OutboxMessage,
  SenderRequest: SenderRequestRow,
  LoginStep,
  ChannelError,
  Chat,
  Sender,
  MediaRef,
  Inbound,
  Target,
  Outbound,
  Receipt,
} satisfies Record<string, TSchema>;

const FRAMES = { RequestFrame, ResponseFrame, EventFrame, ConnectParams, HelloOk } satisfies Record<string, TSchema>;

/**
 * Names: `RequestFrame`, `method.<name>.params`, `method.<name>.result`, `event.<name>`, `nodeEvent.<name>`,
 * `nodeCommand.<name>.params`, `nodeCommand.<name>.result`, `config.<part>`, `worker.…`.
 */
export function catalog(methods: readonly MethodRow[], events: readonly EventDef[]): Catalog {
  const schemas = new Map<string, TSchema>(Object.entries({ ...FRAMES, ...SHARED }));
  const sorted = methods.toSorted((a, b) => a.name < b.name ? -1 : 1);
  for (const method of sorted) {
    schemas.set(`method.${method.name}.params`, method.params);
    schemas.set(`method.${method.name}.result`, method.result);
  }
  for (const event of events) schemas.set(`event.${event.name}`, event.payload);
  for (const { name, payload } of NODE_EVENTS) schemas.set(`nodeEvent.${name}`, payload);
  const nodeCommands = new Map<string, NodeCommandDef>(Object.entries(NODE_COMMANDS));
  for (const [name, command] of nodeCommands) {
    schemas.set(`nodeCommand.${name}.params`, command.params);
    schemas.set(`nodeCommand.${name}.result`, command.result);
  }
  schemas.set("config", ConfigFile);
  for (const [part, schema] of Object.entries(CONFIG_PARTS)) schemas.set(`config.${part}`, schema);
  schemas.set("worker.agent.command", AgentCommand);
  schemas.set("worker.agent.report", AgentReport);
  schemas.set("worker.channel.command", ChannelCommand);
  schemas.set("worker.channel.report", ChannelReport);
  schemas.set("worker.channel.reply", ReplyValue);
  schemas.set("worker.life", LifeReport);
  return {
    methods: sorted,
    events,
    nodeEvents: NODE_EVENTS,
    nodeCommands,
    schemas,
    shared: new Map(Object.entries(SHARED)),
  };
}
