/** Unit tests of the registered commands. */
import assert from "node:assert/strict";
import { BUILT_IN, commandsOf } from "./commands.ts";

Deno.test("what Discord would refuse is left out and named", () => {
  const customCommands = ["ok", "/Upper", "has space", "x".repeat(33), "help", ""].map((command) => ({
    command,
    description: "y".repeat(150),
  }));
  const { commands, refused } = commandsOf({ nativeCommands: true, customCommands });
  assert.deepEqual(commands.slice(BUILT_IN.length).map(({ name }) => name), ["ok", "upper"]);
  assert.deepEqual(refused, ["has space", "x".repeat(33), "help", ""]);
  for (const { name, description } of commands) {
    assert.ok(name === name.toLowerCase() && description.length >= 1 && description.length <= 100);
  }
});

Deno.test("switched off they are cleared", () => {
  assert.deepEqual(commandsOf({ nativeCommands: false, customCommands: [] }).commands, []);
});
