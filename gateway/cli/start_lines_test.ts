/** Tests of the first lines. */
import assert from "node:assert/strict";
import { configFromText } from "../config/load.ts";
import { pathsOf } from "../config/paths.ts";
import { NO_PERMISSIONS } from "../config/permissions.ts";
import { envOf } from "../observe/env_capture.ts";
import { type StartFacts, startLines } from "./start_lines.ts";

async function lines(
  text: string | undefined,
  facts: Partial<StartFacts> = {},
  variables: Record<string, string> = {},
) {
  const env = envOf({ HOME: "/h", ...variables });
  const loaded = await configFromText(text, { env, paths: pathsOf(env) });
  return startLines({
    version: "1.2.3",
    pid: 42,
    loaded,
    listening: [{ hostname: "127.0.0.1", port: 1 }, { hostname: "::1", port: 1 }],
    held: { granted: { ...NO_PERMISSIONS, net: ["127.0.0.1:1"] }, missing: NO_PERMISSIONS, wide: [] },
    tokenNote: undefined,
    warnings: [],
    webchatLink: "http://127.0.0.1:1/#code=abc",
    ...facts,
  });
}

Deno.test("a sound start is eight lines, the link last", async () => {
  const text = await lines('{ "gateway": { "auth": { "token": "hunter2" } } }', {}, { OPENAI_API_KEY: "sk" });
  assert.equal(text.length, 8);
  assert.equal(text[0], "OpenClaw gateway 1.2.3, process id 42");
  assert.ok(text.includes("  Listening     127.0.0.1:1, [::1]:1"));
  assert.ok(text.includes("  Access        token from the configuration"));
  assert.match(text.find((line) => /^ +Model/u.test(line)) ?? "", /openai\/gpt-\S+ \(environment OPENAI_API_KEY\)$/u);
  assert.match(text.at(-1) ?? "", /http:\/\/127\.0\.0\.1:1\/#code=abc/u);
  assert.doesNotMatch(text.join("\n"), /hunter2|"sk"/u);
});

Deno.test("the canvas port has a line of its own, and a port that is taken says what to do", async () => {
  const line = async (canvas: StartFacts["canvas"]) =>
    (await lines("{}", { canvas })).find((each) => /^ +Canvas/u.test(each));
  const addresses = [{ hostname: "127.0.0.1", port: 5 }, { hostname: "::1", port: 5 }];
  assert.equal(await line({ addresses, problem: undefined }), "  Canvas        127.0.0.1:5, [::1]:5");
  const problem = "Cannot open the canvas port 127.0.0.1:5: another program uses that port";
  assert.equal(await line({ addresses: [], problem }), `  Canvas        ${problem}`);
  assert.equal(await line(undefined), undefined);
});

Deno.test("problems, warnings, missing and too wide permissions have lines of their own", async () => {
  const text = (await lines('{ "session": 1, "gatewya": 1 }', {
    held: { granted: NO_PERMISSIONS, missing: { ...NO_PERMISSIONS, net: ["llm.example:443"] }, wide: ["run"] },
    warnings: ["something else"],
  })).join("\n");
  assert.match(text, /Problem +session: Cannot use "session"/u);
  assert.match(text, /Warning +gatewya: Unknown key/u);
  assert.match(text, /Not granted, .*net llm\.example:443/u);
  assert.match(text, /Every run permission is granted/u);
  assert.match(text, /Warning +something else/u);
});

Deno.test("the access line tells apart open, generated and unreadable", async () => {
  const access = async (file: string, note?: string) =>
    (await lines(file, note === undefined ? {} : { tokenNote: note })).find((line) => /^ +Access/u.test(line)) ?? "";
  assert.match(await access('{ "gateway": { "auth": { "mode": "none" } } }'), /open to every program on this host/u);
  assert.match(await access("{}", "generated and written to /x"), /token, generated and written to \/x/u);
  assert.match(await access('{ "gateway": { "auth": { "token": "${NOPE}" } } }'), /cannot be read, see below/u);
});

Deno.test("the built-in model comes with how to configure a real one", async () => {
  assert.match(
    (await lines(undefined)).join("\n"),
    /builtin\/offline \(built in\); for a real one set OPENAI_API_KEY/u,
  );
});
