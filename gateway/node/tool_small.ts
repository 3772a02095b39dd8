/** The tools location_get and node_notify. */
import { Closed, NonEmpty, OneOf, Type } from "../../schemas/primitives.ts";
import { defineTool } from "../agent/tool_define.ts";
import type { Tool } from "../agent/types.ts";
import { callNode, chooseNode, labelOf } from "./tool_call.ts";
import { Node } from "./tool_media.ts";
import { payloadOutput } from "./tool_payload.ts";
import type { NodeToolDeps } from "./tool_deps.ts";

const LOCATE_MS = 20_000;
/** A position that is this old is good enough; asking anew costs a phone's battery and half a minute indoors. */
const MAX_AGE_MS = 60_000;

export const locationTool = ({ nodes }: NodeToolDeps): Tool =>
  defineTool({
    name: "location_get",
    readOnly: true,
    deadlineMs: LOCATE_MS + 15_000,
    description: "Where a node (phone, laptop) is: latitude, longitude, accuracy.",
    args: Closed({ node: Node, desiredAccuracy: Type.Optional(OneOf(["coarse", "balanced", "precise"])) }),
    async run({ node, desiredAccuracy = "balanced" }, context) {
      const command = "location.get";
      const target = chooseNode(nodes, command, node);
      const params = { timeoutMs: LOCATE_MS, maxAgeMs: MAX_AGE_MS, desiredAccuracy };
      const { payload } = await callNode(
        nodes,
        { node: target, command, params, timeoutMs: LOCATE_MS + 5_000 },
        context,
      );
      return payloadOutput(`Location of ${labelOf(target)}:`, payload, "location");
    },
  });

export const notifyTool = ({ nodes }: NodeToolDeps): Tool =>
  defineTool({
    name: "node_notify",
    description: "Shows a notification on a node.",
    args: Closed({
      node: Node,
      title: Type.Optional(Type.String({ maxLength: 200 })),
      body: Type.String({ ...NonEmpty, maxLength: 2_000 }),
    }),
    async run({ node, title, body }, context) {
      const command = "system.notify";
      const target = chooseNode(nodes, command, node);
      await callNode(nodes, { node: target, command, params: { title, body } }, context);
      return `Shown on ${labelOf(target)}.`;
    },
  });
