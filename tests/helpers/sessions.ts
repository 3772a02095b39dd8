/** What the tests of the sessions methods share. */
import assert from "node:assert/strict";
import { GatewayError } from "../../schemas/error.ts";
import { sessionMethods } from "../../gateway/rpc/methods/sessions.ts";
import { assistantSays, callMethod, fakeClient, type FakeClientOptions, fakeServices, userSays } from "./services.ts";

/** Services, a caller of the sessions methods, and `say`: texts of user and assistant in turn; returns the session id. */
export function sessionSetUp() {
  const services = fakeServices();
  return {
    services,
    call: (name: string, params: unknown, client: FakeClientOptions = {}) =>
      callMethod(sessionMethods, name, params, services, fakeClient(client)),
    say: (key: string, ...texts: string[]): string => {
      const { sessionId } = services.sessions.ensure(key);
      for (const [index, text] of texts.entries()) {
        services.transcript.append(sessionId, index % 2 === 0 ? userSays(text) : assistantSays(text));
      }
      return sessionId;
    },
  };
}

/** For assert.rejects: a GatewayError with exactly this code and text. */
export const refusal = (code: string, message: string) => (error: unknown): true => {
  assert.ok(error instanceof GatewayError);
  assert.deepEqual([error.code, error.message], [code, message]);
  return true;
};
