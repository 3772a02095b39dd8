/** Unit tests of reply handles. */
import assert from "node:assert/strict";
import { readHandle, writeHandle } from "./handles.ts";

const interaction = { id: "1", application_id: "22", type: 2, token: "aW50.x-y_z=" };

Deno.test("a handle says everything that is needed to answer, for nearly fifteen minutes", () => {
  const written = writeHandle(interaction, 1_000_000);
  assert.deepEqual(readHandle(written, 1_000_001), {
    applicationId: "22",
    token: "aW50.x-y_z=",
    expiresAt: 1_000_000 + 885_000,
  });
  assert.equal(readHandle(written, 1_000_000 + 885_000), undefined);
});

Deno.test("what is no handle is none, whatever it looks like", () => {
  for (
    const written of [
      undefined,
      "",
      "x",
      "1/2",
      "a/9999999999999/t",
      "1/9999999999999/t/../../x",
      "1/9999999999999/a b",
    ]
  ) {
    assert.equal(readHandle(written, 0), undefined, String(written));
  }
});
