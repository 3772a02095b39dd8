/** What a node is told to be, and the permissions that follow from it; notifications through fixed words. */
import assert from "node:assert/strict";
import { systemClock } from "../../observe/clock.ts";
import { envOf } from "../../observe/env_capture.ts";
import { CliError } from "../exit.ts";
import { notify } from "./notify.ts";
import { nodePermissions } from "./permissions.ts";
import { programsOf } from "./programs.ts";
import { type NodeOptions, nodeSettings } from "./settings.ts";

async function inState(
  action: (dir: string, settings: (options?: NodeOptions) => ReturnType<typeof nodeSettings>) => Promise<void>,
) {
  const dir = await Deno.makeTempDir({ prefix: "ocnode-" });
  try {
    await Deno.mkdir(`${dir}/state`);
    const env = envOf({ HOME: dir, OPENCLAW_STATE_DIR: `${dir}/state`, PATH: "/usr/bin" });
    await action(dir, (options = {}) => nodeSettings(env, options));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const refused = (attempt: Promise<unknown>, text: RegExp) =>
  assert.rejects(attempt, (error) => error instanceof CliError && error.exit === "usage" && text.test(error.message));

Deno.test("the address is that of --url, or is made of host, port and tls", () =>
  inState(async (_dir, settings) => {
    const url = async (options: NodeOptions) => (await settings(options)).target.url;
    assert.equal(await url({}), "ws://127.0.0.1:18789/");
    assert.equal(await url({ host: "box", tls: true }), "wss://box:18789/");
    assert.equal(await url({ host: "::1", port: "443", tls: true }), "wss://[::1]/");
    assert.equal(await url({ url: "https://gateway.example/x?token=1#code=2" }), "wss://gateway.example/x");
    await refused(settings({ url: "ws://a", port: "1" }), /--url beside/u);
    await refused(settings({ port: "70000" }), /1 to 65535/u);
    await refused(settings({ host: "a/b" }), /a name or address/u);
  }));

Deno.test("folders and programs come from options, the file and the allow list; a glob is no program", () =>
  inState(async (dir, settings) => {
    const rules = ["/usr/bin/git", "ls", "~/bin/tool", "/opt/*", "a b"].map((pattern) => ({ pattern }));
    await Deno.writeTextFile(
      `${dir}/state/exec-approvals.json`,
      JSON.stringify({ version: 1, agents: { "*": { allowlist: rules } } }),
    );
    await Deno.writeTextFile(
      `${dir}/state/openclaw.json`,
      JSON.stringify({ nodeHost: { displayName: "Box", allowDirs: ["~/share"], programs: ["cat"] } }),
    );
    const node = await settings({ allowDirs: ["/srv/x/", "~/share"], programs: ["~/run me"], port: "9" });
    assert.deepEqual(node.allowDirs, [`${dir}/share`, "/srv/x"]);
    assert.deepEqual(node.programs, ["cat", `${dir}/run me`, "/usr/bin/git", "ls", `${dir}/bin/tool`]);
    assert.equal(node.displayName, "Box");
    const set = await nodePermissions(node, envOf({ PATH: `/usr/bin:/my bin:/:${dir}:/opt/bin`, HOME: dir }));
    assert.deepEqual(set.net, ["127.0.0.1:9"]);
    assert.deepEqual(set.read, [`${dir}/state`, `${dir}/share`, "/srv/x", "/usr/bin", "/opt/bin"]);
    assert.deepEqual(set.write, [`${dir}/state`]);
    assert.ok(set.env.includes("PATH") && !set.env.includes("OPENAI_API_KEY"));
  }));

Deno.test("a relative folder and our own state are refused, a broken part is a problem and not the end", () =>
  inState(async (dir, settings) => {
    await refused(settings({ allowDirs: ["share"] }), /relative/u);
    await refused(settings({ allowDirs: [`${dir}/state/identity`] }), /holds this machine's keys/u);
    await refused(settings({ programs: ["./tool"] }), /relative/u);
    await Deno.writeTextFile(`${dir}/state/openclaw.json`, JSON.stringify({ nodeHost: { allowDirs: "/srv" } }));
    const node = await settings();
    assert.deepEqual(node.allowDirs, []);
    assert.match(node.problems.join(), /Cannot use "nodeHost" of .*allowDirs/u);
  }));

Deno.test("a notification is words for a program, never a script or markup", async () => {
  if (Deno.build.os !== "linux") return;
  const dir = await Deno.makeTempDir({ prefix: "ocnote-" });
  try {
    await Deno.writeTextFile(`${dir}/notify-send`, `#!/bin/sh\nfor a in "$@"; do echo "$a"; done > ${dir}/out\n`, {
      mode: 0o755,
    });
    const facts = {
      programs: programsOf(envOf({ PATH: dir })),
      clock: systemClock,
      env: { PATH: "/usr/bin" },
      signal: new AbortController().signal,
    };
    await notify({ title: "--icon=x", body: "<b>$(id)</b>\x1b[2J", priority: "timeSensitive" }, facts);
    assert.deepEqual((await Deno.readTextFile(`${dir}/out`)).trimEnd().split("\n"), [
      "--app-name=OpenClaw",
      "--urgency=critical",
      "--",
      "--icon=x",
      "&lt;b&gt;$(id)&lt;/b&gt;[2J",
    ]);
    await Deno.writeTextFile(`${dir}/notify-send`, "#!/bin/sh\necho 'no desktop' >&2; exit 1\n");
    await assert.rejects(notify({ body: "x" }, facts), /Cannot show a notification: no desktop/u);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
