/** Unit tests of the count of finished dispatches. */
import assert from "node:assert/strict";
import { createSequence } from "./sequence.ts";

Deno.test("what is not finished holds back everything behind it", () => {
  let commits = 0;
  const sequence = createSequence(() => commits++);
  const [one, two, three] = [1, 2, 3].map((number) => sequence.begin(number));
  assert.equal(sequence.committed(), 0);
  three?.();
  two?.();
  assert.deepEqual([sequence.committed(), sequence.received(), sequence.open()], [0, 3, 1]);
  one?.();
  one?.();
  assert.deepEqual([sequence.committed(), sequence.open(), commits], [3, 0, 3]);
});

Deno.test("what a resume repeats is not begun again", () => {
  const sequence = createSequence(() => {});
  sequence.reset(7);
  assert.equal(sequence.begin(7), undefined);
  assert.ok(sequence.begin(8));
  assert.equal(sequence.begin(8), undefined);
});

Deno.test("an old session's end does not count in the new one", () => {
  const sequence = createSequence(() => assert.fail("nothing of this session was finished"));
  const old = sequence.begin(1);
  sequence.reset();
  sequence.begin(1);
  old?.();
  assert.deepEqual([sequence.committed(), sequence.open()], [0, 1]);
});
