/** The commands that Discord shows are the ones that the gateway understands. */
import assert from "node:assert/strict";
import { SLASH_COMMANDS } from "../../gateway/session/commands.ts";
import { BUILT_IN } from "../../workers/discord/commands.ts";

Deno.test("Discord's command list and the gateway's table hold the same names", () => {
  assert.deepEqual(BUILT_IN.map(({ name }) => name).sort(), SLASH_COMMANDS.map(({ name }) => String(name)).sort());
});

Deno.test("a command takes text in Discord exactly where the gateway reads some", () => {
  for (const { name, options } of BUILT_IN) {
    const { args } = SLASH_COMMANDS.find((each) => each.name === name) ?? { args: [] };
    assert.equal(options.length > 0, args.length > 0, name);
  }
});
