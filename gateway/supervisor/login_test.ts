/** Tests of a login's steps as several people see them. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { createLogin } from "./login.ts";

Deno.test("who waits gets the step when it comes, and nothing at the deadline", async () => {
  const clock = new FakeClock();
  const login = createLogin("fake", "a", clock);
  const waiting = [login.session.next(0, 1_000), login.session.next(0, 1_000)];
  const step = { kind: "wait", text: "One moment" } as const;
  login.push(step);
  assert.deepEqual(await Promise.all(waiting), [{ step, count: 1 }, { step, count: 1 }]);
  const late = login.session.next(1, 1_000);
  clock.advance(1_000);
  assert.equal(await late, undefined);
});

Deno.test("who comes late gets the present step, because it replaced those before it", async () => {
  const login = createLogin("fake", "a", new FakeClock());
  const show = (value: string) => ({ kind: "show", what: "qr", value, text: "Scan" }) as const;
  login.push(show("1"));
  login.push(show("2"));
  assert.deepEqual(await login.session.next(0, 1_000), { step: show("2"), count: 2 });
  assert.equal(login.ended, false);
  login.push({ kind: "done", text: "Welcome" });
  assert.equal(login.ended, true);
  assert.deepEqual(login.session.latest, { kind: "done", text: "Welcome" });
});
