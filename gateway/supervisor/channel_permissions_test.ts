/** Tests of an account's permission set: complete, printable, and closed to tricks in its entries. */
import assert from "node:assert/strict";
import { channelPermissions, permissionOptions, workerFlags } from "./permissions.ts";

Deno.test("every category is written out, for a thread and for a process", () => {
  const set = channelPermissions({ net: ["api.example.org:443", "api.example.org:443"], sys: ["hostname"], run: [] });
  assert.deepEqual(permissionOptions(set), {
    net: ["api.example.org:443"],
    sys: ["hostname"],
    env: false,
    ffi: false,
    import: false,
    read: false,
    run: false,
    write: false,
  });
  assert.deepEqual(workerFlags(set), [
    "--allow-net=api.example.org:443",
    "--allow-sys=hostname",
    "--deny-run",
    "--deny-read",
    "--deny-write",
    "--deny-env",
    "--deny-ffi",
    "--deny-import",
  ]);
});

Deno.test("an empty list denies; it never means everything", () => {
  const set = channelPermissions({ net: [], sys: [], run: [] });
  assert.equal(permissionOptions(set).net, false);
  assert.ok(workerFlags(set).every((flag) => flag.startsWith("--deny-")));
});

Deno.test("one program may be run, two may not", () => {
  const set = channelPermissions({ net: [], sys: [], run: ["/opt/imsg"] });
  assert.deepEqual(permissionOptions(set).run, ["/opt/imsg"]);
  assert.equal(workerFlags(set)[2], "--allow-run=/opt/imsg");
  assert.throws(() => channelPermissions({ net: [], sys: [], run: ["/a", "/b"] }), /more than one program/u);
});

Deno.test("an entry that would split a flag or widen the set is refused", () => {
  for (const entry of ["", "a b", "a,b:443", "a\n--allow-all"]) {
    assert.throws(() => channelPermissions({ net: [entry], sys: [], run: [] }), /Cannot grant/u);
    assert.throws(() => channelPermissions({ net: [], sys: [], run: [entry] }), /Cannot grant/u);
  }
  assert.throws(() => channelPermissions({ net: [], sys: ["uid"], run: [] }), /Cannot grant sys "uid"/u);
});
