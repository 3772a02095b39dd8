/** canvas.*: what is shown beside a chat or on a node, and what people do there. */
import { invalid, unavailable } from "../../../schemas/error.ts";
import type { PresentedPage } from "../../../schemas/event/canvas.ts";
import {
  CanvasA2uiPushParams,
  CanvasA2uiPushResult,
  CanvasA2uiResetParams,
  CanvasGetParams,
  CanvasHideParams,
  CanvasOkResult,
  CanvasPresentParams,
  CanvasState,
  NodeCanvasGetParams,
} from "../../../schemas/method/canvas.ts";
import { surfaceIds } from "../../canvas/a2ui/board.ts";
import { parseJsonl } from "../../canvas/a2ui/jsonl.ts";
import { checkPage } from "../../canvas/page.ts";
import type { Screen } from "../../canvas/types.ts";
import { uuid } from "../../observe/clock.ts";
import { type Call, defineMethod, type MethodDef } from "../define.ts";
import type { Services } from "../services.ts";
import { canvasAction } from "./canvas_action.ts";

const DEADLINE_MS = 10_000;
/** A node may be slow to answer; its own deadline of 30 s ends first. */
const NODE_DEADLINE_MS = 40_000;

const get = defineMethod({
  name: "canvas.get",
  access: "operator.read",
  params: CanvasGetParams,
  result: CanvasState,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "What the canvas beside a chat, or that of a node, shows now",
  handle: ({ params }, services) => services.screens.get(screenOf(params, services)),
});

const ownGet = defineMethod({
  name: "node.canvas.get",
  access: "node",
  params: NodeCanvasGetParams,
  result: CanvasState,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "What the calling node's canvas should show, for a node that comes back",
  handle: ({ client }, { screens }) => screens.get({ nodeId: client.deviceId ?? client.info.id }),
});

const present = defineMethod({
  name: "canvas.present",
  access: "operator.write",
  params: CanvasPresentParams,
  result: CanvasOkResult,
  idempotency: "none",
  deadlineMs: NODE_DEADLINE_MS,
  description: "Shows a file of the canvas or a web address beside a chat or on a node",
  async handle(call, services) {
    const { path, url } = call.params;
    const page = checkPage(pageOf(path, url));
    const screen = screenOf(call.params, services);
    if ("nodeId" in screen) await ask(call, services, screen, "canvas.present", { url: url ?? path ?? "" });
    else services.screens.present(screen, page);
    return { ok: true as const, revision: services.screens.get(screen).revision };
  },
});

const hide = defineMethod({
  name: "canvas.hide",
  access: "operator.write",
  params: CanvasHideParams,
  result: CanvasOkResult,
  idempotency: "none",
  deadlineMs: NODE_DEADLINE_MS,
  description: "Hides the canvas; its surfaces stay for later",
  async handle(call, services) {
    const screen = screenOf(call.params, services);
    if ("nodeId" in screen) await ask(call, services, screen, "canvas.hide");
    else services.screens.hide(screen);
    return { ok: true as const, revision: services.screens.get(screen).revision };
  },
});

const push = defineMethod({
  name: "canvas.a2ui.push",
  access: "operator.write",
  params: CanvasA2uiPushParams,
  result: CanvasA2uiPushResult,
  idempotency: "none",
  deadlineMs: NODE_DEADLINE_MS,
  description:
    "Applies A2UI messages, all or none, to the surfaces beside a chat or on a node; `dryRun` only checks them",
  async handle(call, services) {
    const { jsonl, messages: list, dryRun } = call.params;
    if ((jsonl === undefined) === (list === undefined)) throw invalid("Cannot push: give either jsonl or messages");
    const messages = list ?? parseJsonl(jsonl ?? "");
    const screen = screenOf(call.params, services);
    if ("nodeId" in screen && dryRun !== true) {
      // The registry checks and keeps the messages before it hands them on.
      await ask(call, services, screen, "canvas.a2ui.push", { messages });
      return shown(services, screen);
    }
    const { version, surfaces, state } = services.screens.push(screen, messages, dryRun);
    return { ok: true as const, version, revision: state.revision, surfaces: [...surfaces] };
  },
});

const reset = defineMethod({
  name: "canvas.a2ui.reset",
  access: "operator.write",
  params: CanvasA2uiResetParams,
  result: CanvasOkResult,
  idempotency: "none",
  deadlineMs: NODE_DEADLINE_MS,
  description: "Removes every A2UI surface beside a chat or on a node",
  async handle(call, services) {
    const screen = screenOf(call.params, services);
    if ("nodeId" in screen) await ask(call, services, screen, "canvas.a2ui.reset");
    else services.screens.reset(screen);
    return { ok: true as const, revision: services.screens.get(screen).revision };
  },
});

interface Where {
  readonly sessionKey?: string;
  readonly nodeId?: string;
}

function screenOf({ sessionKey, nodeId }: Where, { sessions, nodes }: Services): Screen {
  if ((sessionKey === undefined) === (nodeId === undefined)) throw invalid("Give either sessionKey or nodeId");
  if (nodeId !== undefined) return { nodeId: nodes.find(nodeId).nodeId };
  return { sessionKey: sessions.canonical(sessionKey ?? "", undefined) };
}

function pageOf(path: string | undefined, url: string | undefined): PresentedPage {
  if (path !== undefined && url !== undefined) throw invalid("Cannot present: give either path or url");
  return url === undefined ? { kind: "path", path: path ?? "" } : { kind: "url", url };
}

/** Policy, approval and deadline are those of node.invoke. */
async function ask(
  { client, signal }: Call<unknown>,
  { nodes }: Services,
  { nodeId }: Extract<Screen, { nodeId: string }>,
  command: string,
  params?: unknown,
): Promise<void> {
  await nodes.invoke({
    nodeId,
    command,
    ...(params === undefined ? {} : { params }),
    idempotencyKey: uuid(),
    caller: client.principal,
    signal,
  });
}

function shown({ screens }: Services, screen: Screen) {
  const { a2ui, revision } = screens.get(screen);
  if (a2ui === null) throw unavailable("The node's surfaces were reset meanwhile");
  return { ok: true as const, version: a2ui.version, revision, surfaces: surfaceIds(a2ui.messages) };
}

export const canvasMethods: readonly MethodDef[] = [get, ownGet, present, hide, push, reset, canvasAction];
