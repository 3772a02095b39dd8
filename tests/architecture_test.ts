/** The rules of the house as programs: arrows between rooms, file sizes, secrets, declarations, forbidden words. */
import assert from "node:assert/strict";
import { WEB_PAGES } from "../gateway/cli/build_pages.ts";
import { METHODS } from "../gateway/rpc/registry.ts";
import { EVENTS } from "../schemas/event/mod.ts";
import { SCOPES } from "../schemas/scope.ts";
import { AGENT_WORKER_URL, CHANNELS } from "../workers/registry.ts";
import { ROOT } from "./helpers/gateway.ts";
import {
  type Arrow,
  cycles,
  matches,
  moduleGraph,
  type SourceFile,
  sources,
  withoutComments,
} from "./helpers/module_graph.ts";

const MAX_LINES = 350;

/** Rooms of the gateway from the ground up; a room may import rooms of its own rank and below. */
const RANKS: readonly (readonly string[])[] = [
  ["observe"],
  ["secrets", "storage", "config", "bus.ts", "raw_json.ts"],
  ["auth", "supervisor"],
  ["session", "agent", "presence", "node", "approval", "canvas"],
  ["delivery"],
  ["rpc", "connection"],
  ["http", "rpc/methods", "rpc/registry.ts"],
  ["app.ts", "messaging.ts", "periphery.ts", "port.ts", "canvas_port.ts", "periodic.ts"],
  ["cli"],
];

/** Borders that any room may know as types: the contract of a client and of the services. */
const SHARED_TYPES = new Set(["gateway/rpc/services.ts", "gateway/connection/client.ts"]);

/** The only files that may turn a secret into text, and what for. */
const MAY_REVEAL = new Set([
  // Compares it with what a client presents.
  "gateway/auth/shared_secret.ts",
  // Writes the generated one into the owner's configuration file.
  "gateway/config/write_token.ts",
  // Tells by a digest whether an account's secret changed.
  "gateway/config/secret_digest.ts",
  // Gives the model's key to the agent worker.
  "gateway/agent/catalog.ts",
  // Gives an account's secrets to its own worker.
  "gateway/supervisor/session.ts",
  // Sends it to the gateway that a person named.
  "gateway/cli/connect_params.ts",
]);

const all = () => sources(["gateway", "schemas", "workers", "static", "main.ts"]);
const isTest = (file: SourceFile) => /_test\.tsx?$/u.test(file.path);
const code = async () => (await all()).filter((file) => !isTest(file));

async function entries(): Promise<string[]> {
  const files = (await code()).map((file) => file.path);
  const pages = WEB_PAGES.flatMap(({ name, entries }) => entries.map(({ from }) => `static/${name}/${from}`));
  const roots = files.filter((path) =>
    /^workers\/[^/]+\/(main|worker|entry|app|index)\.ts$/u.test(path) || pages.includes(path)
  );
  return ["main.ts", "gateway/cli/protocol.ts", "gateway/cli/build.ts", ...roots];
}

let graph: Promise<Arrow[]> | undefined;
const arrows = () => graph ??= entries().then(moduleGraph);

Deno.test("every import follows the allowed arrows between rooms", async () => {
  const forbidden = (await arrows()).flatMap((arrow) => {
    const reason = whyForbidden(arrow);
    return reason === undefined ? [] : [`${arrow.from} → ${arrow.to}: ${reason}`];
  });
  assert.deepEqual(forbidden, []);
});

Deno.test("no two files import each other, directly or around a corner", async () => {
  assert.deepEqual(cycles(await arrows()), []);
});

Deno.test("every source file belongs to the program or helps a test: an entry or a test imports it", async () => {
  const reached = new Set([...await entries(), ...(await arrows()).flatMap((arrow) => [arrow.from, arrow.to])]);
  const tests = [...(await all()).filter(isTest), ...await sources(["tests"])].map((file) => file.text).join("\n");
  const helps = (path: string) => tests.includes(`/${path.split("/").at(-1)}"`);
  const orphans = (await code()).map((file) => file.path).filter((path) => !reached.has(path) && !helps(path));
  assert.deepEqual(orphans, []);
});

Deno.test(`no source file is longer than ${MAX_LINES} lines, and each says its purpose first`, async () => {
  const files = await code();
  const long = files.filter((file) => file.text.split("\n").length > MAX_LINES).map((file) => file.path);
  assert.deepEqual(long, []);
  const silent = files.filter((file) => !/^(#!.*\n)?(\/\*\*|\/\/)/u.test(file.text)).map((file) => file.path);
  assert.deepEqual(silent, [], "the first line must be a comment");
});

Deno.test("a secret is revealed in the listed files only", async () => {
  const files = (await code()).filter((file) => /\.reveal\(/u.test(withoutComments(file.text)));
  assert.deepEqual(files.map((file) => file.path).sort(), [...MAY_REVEAL].sort());
});

Deno.test("every method has schemas, an access rule and a test that names it", async () => {
  const tests = [...(await all()).filter(isTest), ...await sources(["tests"])].map((file) => file.text).join("\n");
  const access = new Set<string>([...SCOPES, "any", "node"]);
  const wrong = METHODS.flatMap((method) => {
    if (typeof method.params !== "object" || typeof method.result !== "object") return [`${method.name}: no schema`];
    if (!access.has(method.access)) return [`${method.name}: access "${method.access}" is no scope`];
    if (!new RegExp(`["'\`]${method.name.replaceAll(".", "\\.")}["'\`]`, "u").test(tests)) {
      return [`${method.name}: no test names it`];
    }
    return [];
  });
  assert.deepEqual(wrong, []);
  assert.equal(new Set(METHODS.map((method) => method.name)).size, METHODS.length, "names are unique");
});

Deno.test("every event has an access rule, a payload schema and a delivery class", () => {
  const access = new Set<string>([...SCOPES, "any", "node"]);
  for (const event of EVENTS) {
    assert.ok(access.has(event.access), `${event.name}: access "${event.access}" is no scope`);
    assert.equal(typeof event.payload, "object", `${event.name} has a schema`);
    assert.ok(["droppable", "ordered", "direct"].includes(event.delivery), `${event.name} has a delivery class`);
  }
});

Deno.test("types are not switched off", async () => {
  const holes = matches(await code(), /\bas any\b|[:<,(|&]\s*any\b(?!\w)|\bany\[\]|\bas unknown as\b/u);
  assert.deepEqual(holes, []);
  const ignored = (await code()).filter((file) => /@ts-(ignore|nocheck|expect-error)/u.test(file.text));
  assert.deepEqual(ignored.map((file) => file.path), []);
});

Deno.test("nothing is left for later", async () => {
  const files = (await all()).filter((file) => /\b(TODO|FIXME|XXX|HACK)\b/u.test(file.text)).map((file) => file.path);
  assert.deepEqual(files, []);
  const skipped = matches(
    [...await sources(["tests"]), ...(await all()).filter(isTest)],
    /Deno\.test\.(ignore|only)\(/u,
  );
  assert.deepEqual(skipped, []);
});

/** Where the names of model endpoints and channels may stand: what recognises, declares or adapts them. */
const MAY_NAME =
  /^(gateway\/config\/|gateway\/observe\/env_capture\.ts|gateway\/session\/channel_ids\.ts|gateway\/cli\/|schemas\/(worker|config\.ts|codegen))/u;
const PLATFORMS =
  /telegram|discord|slack|whatsapp|signal-cli|imessage|imsg|bluebubbles|grammy|baileys|anthropic|openai|ollama|gemini/iu;

Deno.test("the core names no platform and no model provider", async () => {
  const core = (await code()).filter((file) => /^(gateway|schemas)\//u.test(file.path) && !MAY_NAME.test(file.path));
  const named = matches(core, PLATFORMS);
  assert.deepEqual(named, []);
});

Deno.test("nothing prints but the CLI's output", async () => {
  const files = (await code()).filter((file) => /^(gateway|workers|schemas)\//u.test(file.path));
  assert.deepEqual(matches(files, /(?<![.\w])console\./u), []);
});

Deno.test("no state lives in a module of the gateway", async () => {
  const files = (await code()).filter((file) => /^gateway\//u.test(file.path));
  assert.deepEqual(matches(files, /^(export )?(let|var) /u), []);
});

Deno.test("no task holds all permissions, and none of the gateway's is granted whole", async () => {
  const config: { tasks: Record<string, string | { command: string }> } = JSON.parse(
    await Deno.readTextFile(`${ROOT}deno.json`),
  );
  for (const [name, task] of Object.entries(config.tasks)) {
    const text = typeof task === "string" ? task : task.command;
    assert.doesNotMatch(text, /(^|\s)(-A|--allow-all)(\s|$)/u, `task ${name}`);
    if (/^(gateway|dev|node|openclaw)$/u.test(name)) assert.doesNotMatch(text, /--allow-\w+(\s|$)/u, `task ${name}`);
  }
});

Deno.test("an executable holds the entry of every worker there is, and no other", async () => {
  const config: { tasks: { compile: { command: string } } } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const included = [...config.tasks.compile.command.matchAll(/--include (workers\S+)/gu)].map(([, path]) => path);
  const shipped = [AGENT_WORKER_URL, ...CHANNELS.map(({ entry }) => entry)];
  assert.deepEqual(
    included,
    shipped.map(({ pathname }) => pathname.slice(ROOT.length)),
    "--include of the task compile",
  );
});

Deno.test("no file names a package registry", async () => {
  const registry = new RegExp(["registry", "npmjs", "org"].join("\\."), "u");
  const named = [...await all(), ...await sources(["tests"])].filter((file) => registry.test(file.text));
  assert.deepEqual(named.map((file) => file.path), []);
});

/** Why an arrow is forbidden; undefined when it is allowed. */
function whyForbidden({ from, to, typeOnly }: Arrow): string | undefined {
  const [source, target] = [from.split("/")[0], to.split("/")[0]];
  if (/^(npm|node|jsr|https?|data|blob):/u.test(to)) {
    return source === "schemas" && !/typebox|ajv/u.test(to) ? "schemas do no I/O" : undefined;
  }
  if (source === "schemas") return target === "schemas" ? undefined : "schemas import nothing of ours";
  if (source === "workers") return workerArrow(from, to);
  if (source === "static") return staticArrow(from, to, typeOnly);
  if (source === "main.ts") {
    return to.startsWith("gateway/cli/") || to === "gateway/observe/env.ts" || to === "deno.json"
      ? undefined
      : "main starts commands and nothing else";
  }
  if (source !== "gateway") return undefined;
  if (target === "schemas") return undefined;
  if (target === "workers") {
    const hosts = from.startsWith("gateway/supervisor/") || from === "gateway/agent/runner.ts";
    return hosts && to === "workers/registry.ts" ? undefined : "only who hosts workers knows their registry";
  }
  if (target !== "gateway") return "the gateway does not know the web parts";
  return gatewayArrow(from, to, typeOnly);
}

function workerArrow(from: string, to: string): string | undefined {
  if (to.startsWith("schemas/") || to.startsWith("workers/runtime/")) return undefined;
  if (from === "workers/registry.ts") {
    return to.endsWith("/manifest.ts") ? undefined : "the table knows manifests and addresses, no code of a worker";
  }
  return from.split("/")[1] === to.split("/")[1] ? undefined : "a worker knows schemas, its runtime and itself";
}

function staticArrow(from: string, to: string, typeOnly: boolean): string | undefined {
  if (to.startsWith("schemas/")) return typeOnly ? undefined : "web parts use the types of schemas, not their code";
  if (/^static\/(client|markdown|page)\//u.test(to)) return undefined;
  return from.split("/")[1] === to.split("/")[1]
    ? undefined
    : "a web part knows itself, what all pages share (client, markdown, page) and types of schemas";
}

function gatewayArrow(from: string, to: string, typeOnly: boolean): string | undefined {
  const room = (path: string) => path.split("/")[1] ?? "";
  if (room(from) === "connection" && /^(session|agent|delivery)$/u.test(room(to))) {
    return "connection knows nothing of sessions, agents and delivery";
  }
  if (typeOnly && SHARED_TYPES.has(to)) return undefined;
  const [low, high] = [rank(from), rank(to)];
  if (low === undefined || high === undefined) return "a room that the ranks do not know";
  return high > low ? "a lower room imports a higher one" : undefined;
}

/** The highest rank whose prefix fits: `rpc/methods` stands above `rpc`. */
function rank(path: string): number | undefined {
  const inside = path.slice("gateway/".length);
  const found = RANKS.findLastIndex((rooms) => rooms.some((room) => inside === room || inside.startsWith(`${room}/`)));
  return found === -1 ? undefined : found;
}
