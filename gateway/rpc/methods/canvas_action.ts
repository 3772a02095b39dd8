/** canvas.action: what a person did on a surface beside a chat becomes a message to the agent. */
import { unavailable } from "../../../schemas/error.ts";
import { CanvasActionParams, CanvasActionResult } from "../../../schemas/method/canvas.ts";
import type { RunFinal } from "../../agent/types.ts";
import { actionText } from "../../canvas/action_text.ts";
import { uuid } from "../../observe/clock.ts";
import { defineMethod } from "../define.ts";

const TOO_MANY_MS = 1_000;

/** Actions with the same id are one action, also after a restart: the id becomes that of the run. */
export const canvasAction = defineMethod({
  name: "canvas.action",
  access: "operator.write",
  params: CanvasActionParams,
  result: CanvasActionResult,
  idempotency: "none",
  deadlineMs: 10_000,
  description: "Sends what a person did on an A2UI surface to the session's agent, once for each id",
  handle({ params: { sessionKey: wanted, action }, client }, { sessions, screens, runs }) {
    const sessionKey = sessions.canonical(wanted, undefined);
    const runId = `a2ui-${action.id ?? uuid()}`;
    const { displayName, platform, instanceId } = client.info;
    const host = displayName ?? platform;
    const message = actionText(action, { sessionKey, host, instance: instanceId ?? client.connId });
    if (runs.find(runId) === undefined && !screens.takeAction(sessionKey)) {
      throw unavailable("Too many actions in this session; wait a second", {
        retryable: true,
        retryAfterMs: TOO_MANY_MS,
      });
    }
    const ticket = runs.start({
      runId,
      method: "chat.send",
      client,
      sessionKey,
      agentId: undefined,
      message,
      attachments: [],
      thinking: undefined,
      timeoutMs: undefined,
      extraSystemPrompt: undefined,
      plain: true,
      trusted: true,
    });
    if (ticket.status === "new") return { runId, status: "started" as const };
    if (ticket.status === "in_flight") return { runId, status: "in_flight" as const };
    return ticket.final.then(ended);
  },
});

function ended(final: RunFinal) {
  if (final.state === "error") throw unavailable(final.message);
  return { runId: final.runId, status: "ok" as const };
}
