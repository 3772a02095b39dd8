/** sessions.patch, sessions.reset, sessions.delete. */
import { invalid, unavailable } from "../../../schemas/error.ts";
import {
  SessionKeyParams,
  SessionsDeleteParams,
  SessionsDeleteResult,
  SessionsPatchParams,
  SessionsPatchResult,
  SessionsResetResult,
} from "../../../schemas/method/sessions.ts";
import { agentIdOf, isMainKey, keyRules } from "../../session/key.ts";
import { modelOf } from "../../session/models.ts";
import { createSessionNotifier } from "../../session/notify.ts";
import { ADMIN_FIELDS, patchChange } from "../../session/patch.ts";
import { entryView } from "../../session/rows.ts";
import type { Session } from "../../session/types.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import { requireScope } from "../require_scope.ts";
import type { Services } from "../services.ts";

const DEADLINE_MS = 10_000;
/** How long a delete waits for the session's run to end. */
const END_WAIT_MS = 15_000;
const POLL_MS = 20;

const patch = defineMethod({
  name: "sessions.patch",
  access: "operator.write",
  params: SessionsPatchParams,
  result: SessionsPatchResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "Changes settings of a session and makes it when it is missing; null clears a setting",
  handle({ params, client }, services) {
    if (ADMIN_FIELDS.some((field) => params[field] !== undefined)) requireScope(client, "operator.admin");
    const { sessions } = services;
    const key = sessions.canonical(params.key, params.agentId);
    const { session, created } = services.db.transaction(() => {
      const before = sessions.get(key);
      const target = before ?? { key, agentId: agentIdOf(key, keyRules(services.config)), entry: {} };
      const change = patchChange(params, target, services);
      return { session: sessions.update(key, change), created: before === undefined };
    });
    createSessionNotifier(services).changed(key, created ? "create" : "patch");
    return { ok: true as const, path: services.config.stateDir, key, ...changed(session, services) };
  },
});

function changed(session: Session, services: Services) {
  const { modelProvider, model } = modelOf(session.agentId, session.entry, services);
  return { entry: entryView(session), resolved: { modelProvider, model } };
}

const reset = defineMethod({
  name: "sessions.reset",
  access: "operator.admin",
  params: SessionKeyParams,
  result: SessionsResetResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "Stops what runs and gives the session a new id; levels, model and label stay",
  handle({ params }, services) {
    const key = services.sessions.canonical(params.key, params.agentId);
    services.runs.abort({ sessionKey: key }, "rpc");
    const session = services.sessions.reset(key);
    createSessionNotifier(services).changed(key, "reset");
    return { ok: true as const, key, ...changed(session, services) };
  },
});

const remove = defineMethod({
  name: "sessions.delete",
  access: "operator.write",
  params: SessionsDeleteParams,
  result: SessionsDeleteResult,
  idempotency: "none",
  deadlineMs: END_WAIT_MS + DEADLINE_MS,
  description: "Stops what runs and removes the session, with its transcript unless deleteTranscript is false",
  async handle({ params, signal }, services) {
    const key = services.sessions.canonical(params.key, params.agentId);
    if (isMainKey(key, keyRules(services.config))) throw invalid(`Cannot delete the main session (${key}).`);
    services.runs.abort({ sessionKey: key }, "rpc");
    await ended(key, services, signal);
    const deleted = services.sessions.remove(key, params.deleteTranscript ?? true);
    if (deleted) createSessionNotifier(services).changed(key, "delete");
    return { ok: true as const, key, deleted, archived: [] };
  },
});

/** Resolves when nothing runs in the session. A run that still wrote would make the session anew. */
async function ended(key: string, { runs, clock }: Services, signal: AbortSignal): Promise<void> {
  const deadline = clock.now() + END_WAIT_MS;
  while (runs.active(key).length > 0) {
    if (clock.now() >= deadline || signal.aborted) {
      throw unavailable(`Session ${key} is still active; try again in a moment.`, { retryable: true });
    }
    await new Promise<void>((resolve) => clock.after(POLL_MS, resolve));
  }
}

export const sessionWriteMethods: readonly MethodDef[] = [patch, reset, remove];
