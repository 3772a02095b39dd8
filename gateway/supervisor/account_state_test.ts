/** Tests of the ways between the states of an account. */
import assert from "node:assert/strict";
import { isLive, isTerminal, mayBecome } from "./account_state.ts";
import { CHANNEL_STATES, type ChannelState } from "./types.ts";

const from = (state: ChannelState) => CHANNEL_STATES.filter((to) => to !== state && mayBecome(state, to));

Deno.test("an account at rest can only be started, switched off or found in no state to start", () => {
  for (const state of CHANNEL_STATES.filter((each) => !isLive(each))) {
    const expected = ["disabled", "unconfigured", "starting", "logged_out", "wedged", "stopped"].filter((to) =>
      to !== state
    );
    assert.deepEqual(from(state), expected, state);
  }
});

Deno.test("an account with a worker can become whatever its provider or its worker brings about", () => {
  for (const state of CHANNEL_STATES.filter(isLive)) {
    assert.deepEqual(from(state), CHANNEL_STATES.filter((to) => to !== state), state);
  }
});

Deno.test("no account is connected without having been started", () => {
  for (const state of CHANNEL_STATES.filter((each) => !isLive(each))) {
    for (const live of ["connecting", "connected", "reconnecting", "login_required"] as const) {
      assert.equal(mayBecome(state, live), false, `${state} to ${live}`);
    }
  }
});

Deno.test("the states that a provider cannot leave by itself are terminal", () => {
  assert.deepEqual(
    ([
      "login_required",
      "connecting",
      "connected",
      "reconnecting",
      "bad_credentials",
      "conflict",
      "logged_out",
    ] as const)
      .filter(isTerminal),
    ["bad_credentials", "conflict", "logged_out"],
  );
});
