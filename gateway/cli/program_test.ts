/** The argument parser around a table: what runs, what is refused, which exit code comes out. */
import assert from "node:assert/strict";
import { testCli } from "../../tests/helpers/cli_context.ts";
import { CliError, EXITS } from "./exit.ts";
import { type CommandSpec, type Program, runProgram } from "./program.ts";

interface Call {
  readonly name: string;
  readonly args: readonly string[];
  readonly texts: readonly (string | undefined)[];
}

function program(calls: Call[], result?: number | Error): Program {
  const spec = (name: string, args: CommandSpec["args"] = []): CommandSpec => ({
    name,
    summary: `Does ${name}`,
    args,
    options: [
      { flags: "--json", help: "JSON" },
      { flags: "--url <url>", help: "Address" },
      { flags: "--scope <scope>", help: "Scope", repeat: true },
      { flags: "--secret-door", help: "Hidden", hidden: true },
    ],
    examples: [[`${name} x`, "an example"]],
    load: () =>
      Promise.resolve((_, options, given) => {
        calls.push({ name, args: given, texts: [options.text("url"), options.list("scope").join("+")] });
        if (result instanceof Error) throw result;
        return Promise.resolve(result);
      }),
  });
  return {
    version: "1.2.3",
    description: "A program",
    footer: "The footer",
    sections: [
      { title: "Look:", entries: [spec("health"), spec("agent", [["[words...]", "Words"]])] },
      {
        title: "Manage:",
        entries: [{
          name: "sessions",
          summary: "Sessions",
          usual: "list",
          commands: [spec("list"), spec("show", [["<key>", "Key"]])],
        }],
      },
    ],
  };
}

async function run(argv: string[], result?: number | Error) {
  const calls: Call[] = [];
  const cli = testCli();
  const code = await runProgram(program(calls, result), argv, cli.context);
  return { code, calls, stdout: cli.stdout(), stderr: cli.stderr() };
}

Deno.test("a command gets its options and arguments, and its number is the exit code", async () => {
  const { code, calls } = await run(["health", "--url", "u", "--scope", "a", "--scope", "b"], 7);
  assert.equal(code, 7);
  assert.deepEqual(calls, [{ name: "health", args: [], texts: ["u", "a+b"] }]);
  assert.deepEqual((await run(["agent", "two", "words"])).calls[0]?.args, ["two", "words"]);
  assert.equal((await run(["health"])).code, 0);
});

Deno.test("a group runs its usual command when none is named", async () => {
  assert.equal((await run(["sessions"])).calls[0]?.name, "list");
  assert.deepEqual((await run(["sessions", "--url", "u"])).calls[0]?.texts, ["u", ""]);
  assert.deepEqual((await run(["sessions", "show", "main"])).calls[0], {
    name: "show",
    args: ["main"],
    texts: [undefined, ""],
  });
});

Deno.test("mistyped commands and options are usage errors that name the nearest one", async () => {
  const cases: readonly (readonly [argv: string[], hint: RegExp])[] = [
    [["helth"], /Did you mean health/u],
    [["sessions", "shw"], /Did you mean: openclaw sessions show/u],
    [["health", "--jsn"], /Did you mean --json/u],
    [["sessions", "show"], /Missing required argument 'key'\nSee: openclaw sessions show --help/u],
    [["health", "extra"], /Too many arguments/u],
    [["health", "--url"], /Option '--url <url>' argument missing/u],
  ];
  for (const [argv, hint] of cases) {
    const { code, calls, stdout, stderr } = await run(argv);
    assert.equal(code, EXITS.usage.code, argv.join(" "));
    assert.deepEqual(calls, []);
    assert.equal(stdout, "");
    assert.match(stderr, hint);
    assert.match(stderr, /^Error: [A-Z]/u);
  }
});

Deno.test("help and version go to standard output with code 0", async () => {
  assert.deepEqual(await run(["--version"]), { code: 0, calls: [], stdout: "1.2.3\n", stderr: "" });
  const root = await run(["help"]);
  assert.equal(root.code, 0);
  for (const part of ["Look:", "Manage:", "sessions", "The footer", "Exit codes:", "75 "]) {
    assert.ok(root.stdout.includes(part), part);
  }
  const group = await run(["sessions", "--help"]);
  for (const part of ["Without a command: list", "openclaw show x"]) assert.ok(group.stdout.includes(part), part);
  const one = await run(["help", "health"]);
  assert.ok(one.stdout.includes("openclaw health x  an example"));
  assert.ok(!one.stdout.includes("secret-door"));
});

Deno.test("a failure prints its sentence and next steps and ends with its code", async () => {
  const error = new CliError("notPaired", "Not yet", ["Do this"], { code: "NOT_PAIRED" });
  const human = await run(["health"], error);
  assert.deepEqual([human.code, human.stdout, human.stderr], [5, "", "Error: Not yet\n  Do this\n"]);
  const json = await run(["health", "--json"], error);
  assert.deepEqual(JSON.parse(json.stdout), {
    ok: false,
    exitCode: 5,
    message: "Not yet",
    hints: ["Do this"],
    error: { code: "NOT_PAIRED" },
  });
  const bug = await run(["health"], new TypeError("x is undefined"));
  assert.deepEqual([bug.code, bug.stderr], [1, "Error: x is undefined\n"]);
});

Deno.test("exit codes are distinct and fit a byte", () => {
  const codes = Object.values(EXITS).map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
  assert.ok(codes.every((code) => Number.isInteger(code) && code >= 0 && code <= 255));
});
