/** The tools a2ui_push and a2ui_reset: forms and other surfaces, checked before anything is shown. */
import { Closed, Type } from "../../schemas/primitives.ts";
import { defineTool } from "../agent/tool_define.ts";
import type { Tool } from "../agent/types.ts";
import { callNode, chooseNode, labelOf } from "../node/tool_call.ts";
import { parseJsonl } from "./a2ui/jsonl.ts";
import type { CanvasToolDeps } from "./tool_deps.ts";

const Node = Type.Optional(Type.String({ maxLength: 200, description: "A node's name; without it beside this chat" }));

/** Valid as it stands; a test pushes it. */
export const A2UI_EXAMPLE = [
  '{"version":"v0.9","createSurface":{"surfaceId":"s1","catalogId":"https://a2ui.org/specification/v0_9/catalogs/basic/catalog.json"}}',
  '{"version":"v0.9","updateComponents":{"surfaceId":"s1","components":[' +
  '{"id":"root","component":"Column","children":["name","go"]},' +
  '{"id":"name","component":"TextField","label":"Name","value":{"path":"/name"}},' +
  '{"id":"go","component":"Button","child":"goText","action":{"event":{"name":"send","context":{"name":{"path":"/name"}}}}},' +
  '{"id":"goText","component":"Text","text":"Send"}]}}',
].join("\n");

const DESCRIPTION =
  "Shows a form or another A2UI surface beside this chat or on a node. jsonl: one JSON message a line. " +
  "v0.9 (better): createSurface, updateComponents, updateDataModel {surfaceId,path,value}, deleteSurface; a flat list of " +
  "components, the top one with id root; values are literals or {path}. Basic catalog: Text, Image, Icon, Video, " +
  "AudioPlayer, Row, Column, List, Card, Tabs, Modal, Divider, Button, TextField, CheckBox, ChoicePicker, Slider, " +
  `DateTimeInput. Example:\n${A2UI_EXAMPLE}\n` +
  "v0.8: surfaceUpdate, dataModelUpdate, beginRendering, deleteSurface with the standard catalog. A click comes to you as " +
  "a message CANVAS_A2UI action=<name> … ctx=<context>. All messages are taken or none; an error says what to repair.";

export const a2uiTools = ({ screens, nodes }: CanvasToolDeps): readonly Tool[] => [
  defineTool({
    name: "a2ui_push",
    deadlineMs: 40_000,
    description: DESCRIPTION,
    args: Closed({
      jsonl: Type.String({ minLength: 1, maxLength: 1 << 20 }),
      node: Node,
      dryRun: Type.Optional(Type.Boolean({ description: "Only check" })),
    }),
    async run({ jsonl, node, dryRun = false }, context) {
      const messages = parseJsonl(jsonl);
      if (node === undefined) {
        const { version, surfaces } = screens.push({ sessionKey: context.sessionKey }, messages, dryRun);
        return told(dryRun, version, surfaces, "beside the chat in WebChat");
      }
      const command = "canvas.a2ui.pushJSONL";
      const target = chooseNode(nodes, command, node);
      const checked = screens.push({ nodeId: target.nodeId }, messages, true);
      if (!dryRun) await callNode(nodes, { node: target, command, params: { jsonl } }, context);
      return told(dryRun, checked.version, checked.surfaces, `on ${labelOf(target)}`);
    },
  }),
  defineTool({
    name: "a2ui_reset",
    description: "Takes all A2UI surfaces away.",
    args: Closed({ node: Node }),
    async run({ node }, context) {
      const command = "canvas.a2ui.reset";
      if (node === undefined) screens.reset({ sessionKey: context.sessionKey });
      else await callNode(nodes, { node: chooseNode(nodes, command, node), command }, context);
      return "Taken away.";
    },
  }),
];

const told = (dryRun: boolean, version: string, surfaces: readonly string[], where: string): string =>
  dryRun
    ? `Valid ${version}. Nothing was shown.`
    : `Shown ${where} (${version}): ${surfaces.join(", ") || "no surface"}.`;
