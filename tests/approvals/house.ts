/** What the tests of approvals in chats share: asking as an operator, and reading what became of it. */
import type { Json, TestClient } from "../helpers/client.ts";
import { eventually } from "../helpers/wait.ts";

/** Asks in two phases, for the chat of a session; returns how to wait for the decision. */
export async function ask(web: TestClient, id: string, command: string, sessionKey: string, more: Json = {}) {
  await web.request("exec.approval.request", { id, command, sessionKey, agentId: "main", twoPhase: true, ...more });
  return async (): Promise<unknown> => (await web.request("exec.approval.waitDecision", { id }, 20_000))["decision"];
}

export async function waits(web: TestClient, id: string): Promise<boolean> {
  const { payload } = await web.call("exec.approval.list", {});
  return Array.isArray(payload) && payload.some((ask) => ask.id === id);
}

/** The session of the group that is not the main one. */
export const groupKey = (web: TestClient): Promise<string> =>
  eventually("the session of the group", async () => {
    const { sessions } = await web.request("sessions.list", {});
    const keys = Array.isArray(sessions) ? sessions.map(({ key }) => String(key)) : [];
    return keys.find((key) => /:(?:group|channel):/u.test(key));
  });

/** A person presses after the platform's answer to the card has been written down. */
export const settled = (outbox: () => Promise<readonly Json[]>): Promise<unknown> =>
  eventually("the receipts", async () => (await outbox()).every((row) => row["state"] === "sent") || undefined);

/** How often messages were turned away for this reason. */
export async function refusals(web: TestClient, reason: string): Promise<number> {
  const { counts } = await web.request("message.refusals", {});
  const found = Array.isArray(counts) ? counts.find((row) => row.reason === reason) : undefined;
  return Number(found?.count ?? 0);
}
