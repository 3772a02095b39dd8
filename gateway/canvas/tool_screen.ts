/** The tools for what a screen shows: present, hide, snapshot, eval. Without a node it is the canvas beside the chat. */
import { Closed, NonEmpty, Open, Type } from "../../schemas/primitives.ts";
import type { PresentedPage } from "../../schemas/event/canvas.ts";
import { checker } from "../../schemas/validate.ts";
import { defineTool } from "../agent/tool_define.ts";
import type { Tool } from "../agent/types.ts";
import { callNode, chooseNode, labelOf } from "../node/tool_call.ts";
import { fileOf } from "../node/tool_payload.ts";
import type { CanvasToolDeps } from "./tool_deps.ts";

const MAX_RESULT = 16 << 10;
const Node = Type.Optional(Type.String({ maxLength: 200, description: "A node's name; without it beside this chat" }));

export const presentTool = ({ screens, nodes }: CanvasToolDeps): Tool =>
  defineTool({
    name: "canvas_present",
    description: "Shows a canvas file (path) or a web address (url) beside this chat in WebChat, or on a node.",
    args: Closed({
      path: Type.Optional(Type.String({ maxLength: 512 })),
      url: Type.Optional(Type.String({ maxLength: 4_096 })),
      node: Node,
    }),
    async run({ path, url, node }, context) {
      const page = pageOf(path, url);
      if (node === undefined) {
        screens.present({ sessionKey: context.sessionKey }, page);
        return "Shown beside the chat in WebChat.";
      }
      const command = "canvas.present";
      const target = chooseNode(nodes, command, node);
      await callNode(
        nodes,
        { node: target, command, params: { url: page.kind === "url" ? page.url : page.path } },
        context,
      );
      return `Shown on ${labelOf(target)}.`;
    },
  });

/** Both empty: the start page of the canvas. */
function pageOf(path: string | undefined, url: string | undefined): Exclude<PresentedPage, { kind: "a2ui" }> {
  if (url === undefined) return { kind: "path", path: path ?? "" };
  if (path !== undefined) throw new Error("Cannot present: give path or url, not both");
  const { protocol } = URL.parse(url) ?? {};
  if (protocol !== "http:" && protocol !== "https:") {
    throw new Error("Cannot present: url must begin with http:// or https://");
  }
  return { kind: "url", url };
}

export const hideTool = ({ screens, nodes }: CanvasToolDeps): Tool =>
  defineTool({
    name: "canvas_hide",
    description: "Hides the canvas.",
    args: Closed({ node: Node }),
    async run({ node }, context) {
      if (node === undefined) screens.hide({ sessionKey: context.sessionKey });
      else await callNode(nodes, { node: chooseNode(nodes, "canvas.hide", node), command: "canvas.hide" }, context);
      return "Hidden.";
    },
  });

const checkSnapshot = checker(Open({ format: Type.String({ maxLength: 64 }), base64: NonEmpty }));

export const snapshotTool = ({ nodes }: CanvasToolDeps): Tool =>
  defineTool({
    name: "canvas_snapshot",
    readOnly: true,
    deadlineMs: 35_000,
    description: "A picture, for you, of what the canvas of a node shows now.",
    args: Closed({
      node: Type.Optional(NonEmpty),
      maxWidth: Type.Optional(Type.Integer({ minimum: 64, maximum: 4_096 })),
    }),
    async run({ node, maxWidth = 1_024 }, context) {
      const command = "canvas.snapshot";
      const target = chooseNode(nodes, command, node);
      const params = { format: "jpeg", quality: 0.8, maxWidth };
      const { payload } = await callNode(nodes, { node: target, command, params, timeoutMs: 30_000 }, context);
      const checked = checkSnapshot(payload);
      if (!checked.ok) throw new Error(`Cannot use the answer to ${command}: ${checked.error}`);
      const { image } = fileOf(checked.value.base64, checked.value.format, "canvas");
      if (!image) throw new Error(`Cannot use the snapshot of "${labelOf(target)}": it is no picture`);
      return { text: `The canvas of ${labelOf(target)}.`, images: [image] };
    },
  });

const checkResult = checker(Open({ result: Type.Optional(Type.Unknown()) }));

export const evalTool = ({ nodes }: CanvasToolDeps): Tool =>
  defineTool({
    name: "canvas_eval",
    deadlineMs: 35_000,
    description: "Runs JavaScript in the page that the canvas of a node shows; returns its value as text.",
    args: Closed({ node: Type.Optional(NonEmpty), javaScript: Type.String({ minLength: 1, maxLength: 64 << 10 }) }),
    async run({ node, javaScript }, context) {
      const command = "canvas.eval";
      const target = chooseNode(nodes, command, node);
      const { payload } = await callNode(nodes, { node: target, command, params: { javaScript } }, context);
      const checked = checkResult(payload);
      if (!checked.ok) throw new Error(`Cannot use the answer to ${command}: ${checked.error}`);
      const { result } = checked.value;
      const text = typeof result === "string" ? result : JSON.stringify(result ?? null);
      return text.length > MAX_RESULT ? `${text.slice(0, MAX_RESULT).toWellFormed()}\n[cut at 16 KiB]` : text;
    },
  });
