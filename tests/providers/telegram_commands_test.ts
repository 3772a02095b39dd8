/** The menu of Telegram is the gateway's own list of commands: workers do not import the gateway, so a test compares them. */
import assert from "node:assert/strict";
import { SLASH_COMMANDS } from "../../gateway/session/commands.ts";
import { BUILT_IN, menuOf } from "../../workers/telegram/commands.ts";

Deno.test("every command of the gateway is in Telegram's menu", () => {
  const names = BUILT_IN.map(({ command }) => command).sort();
  assert.deepEqual(names, SLASH_COMMANDS.map(({ name }) => name.replaceAll("-", "_")).sort());
});

Deno.test("a custom command does not replace one of the gateway's", () => {
  const { commands, refused } = menuOf({ customCommands: [{ command: "new", description: "mine" }] });
  assert.deepEqual(refused, ["new"]);
  assert.equal(commands.length, BUILT_IN.length);
});
