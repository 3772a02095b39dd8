/** Every method of the gateway: the one table behind dispatch, `features.methods`, the reference and JSON Schema. */
import type { MethodDef } from "./define.ts";
import { agentMethods } from "./methods/agent.ts";
import { agentsMethods } from "./methods/agents.ts";
import { canvasMethods } from "./methods/canvas.ts";
import { channelMethods } from "./methods/channels.ts";
import { senderPairingMethods } from "./methods/channel_pairing.ts";
import { chatMethods } from "./methods/chat.ts";
import { commandMethods } from "./methods/commands.ts";
import { configMethods } from "./methods/config.ts";
import { deviceMethods } from "./methods/devices.ts";
import { emptyMethods } from "./methods/empty.ts";
import { execApprovalMethods } from "./methods/exec_approvals.ts";
import { historyMethods } from "./methods/history.ts";
import { nodeLinkMethods } from "./methods/node_link.ts";
import { modelMethods } from "./methods/models.ts";
import { nodeMethods } from "./methods/nodes.ts";
import { outboxMethods } from "./methods/outbox.ts";
import { sendMethods } from "./methods/send.ts";
import { sessionMethods } from "./methods/sessions.ts";
import { surfaceMethods } from "./methods/surfaces.ts";
import { systemMethods } from "./methods/system.ts";
import { webLoginMethods } from "./methods/web_login.ts";

export const METHODS: readonly MethodDef[] = [
  ...systemMethods,
  ...channelMethods,
  ...webLoginMethods,
  ...agentMethods,
  ...agentsMethods,
  ...chatMethods,
  ...historyMethods,
  ...sessionMethods,
  ...sendMethods,
  ...outboxMethods,
  ...modelMethods,
  ...commandMethods,
  ...configMethods,
  ...deviceMethods,
  ...nodeMethods,
  ...senderPairingMethods,
  ...nodeLinkMethods,
  ...execApprovalMethods,
  ...canvasMethods,
  ...surfaceMethods,
  ...emptyMethods,
];
