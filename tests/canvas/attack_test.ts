/** Attacks on the canvas host over the wire: ways out of the root, hidden files, links, pipes, headers. */
import assert from "node:assert/strict";
import { gatewayTest, type TestGateway } from "../helpers/gateway.ts";
import { within } from "../helpers/wait.ts";
import { ask, placeOf, rootOf } from "./asking.ts";

const CANVAS = "/__openclaw__/canvas/";
const SECRET = "SECRET-OF-THE-OWNER";

/** Each leads to `secret.txt` beside the root, or to a hidden file in it, if anybody follows it. */
const WAYS_OUT = [
  "../secret.txt",
  "./../secret.txt",
  "x/../../secret.txt",
  "site/../../secret.txt",
  "%2e%2e/secret.txt",
  "%2e%2e%2fsecret.txt",
  "..%2fsecret.txt",
  "%2E%2E%2Fsecret.txt",
  ".%2e/secret.txt",
  "%2e./secret.txt",
  "..%5csecret.txt",
  "..\\secret.txt",
  "%2e%2e%5csecret.txt",
  "%252e%252e/secret.txt",
  "%252e%252e%252fsecret.txt",
  "%25252e%25252e/secret.txt",
  "%c0%ae%c0%ae/secret.txt",
  "%c0%ae%c0%ae%c0%afsecret.txt",
  "%e0%80%ae%e0%80%ae/secret.txt",
  "%uff0e%uff0e/secret.txt",
  "%ef%bc%8e%ef%bc%8e/secret.txt",
  "%ef%bc%8e%ef%bc%8e%ef%bc%8fsecret.txt",
  "%e2%80%a4%e2%80%a4/secret.txt",
  "%e2%80%a5/secret.txt",
  "..;/secret.txt",
  "..%00/secret.txt",
  "%00../secret.txt",
  "site/page.txt%00/../../secret.txt",
  "....//secret.txt",
  ".../secret.txt",
  "..//secret.txt",
  "//secret.txt",
  "/secret.txt",
  "%2fsecret.txt",
  "//etc/passwd",
  "%2fetc%2fpasswd",
  "/etc/passwd",
  "file:///etc/passwd",
  "C:%5cWindows%5cwin.ini",
  "%5c%5c127.0.0.1%5cshare%5cx",
  "../secret.txt%20",
  "..%20/secret.txt",
  "../secret.txt.",
  "..%09/secret.txt",
  "..%0d%0a/secret.txt",
  `${"a/".repeat(40)}${"../".repeat(41)}secret.txt`,
  `${"../".repeat(200)}etc/passwd`,
  `${"%2e%2e/".repeat(60)}etc/passwd`,
  ".hidden",
  "%2ehidden",
  ".git/config",
  "site/.env",
  "site/%2eenv",
  "site/.%65nv",
  "file-link.txt",
  "folder-link/secret.txt",
  "folder-link/",
  "absolute-link/passwd",
  "deep/inner/out/secret.txt",
  "hard-link.txt",
  "pipe",
  "site",
  "site/page.txt/",
  "site/page.txt/../page.txt",
  "x".repeat(5_000),
  "%",
  "%g0",
  "a%",
];

async function furnish(gateway: TestGateway): Promise<void> {
  const root = rootOf(gateway);
  await Deno.mkdir(`${root}/site`);
  await Deno.mkdir(`${root}/.git`);
  await Deno.mkdir(`${root}/deep/inner`, { recursive: true });
  await Deno.writeTextFile(`${root}/site/page.txt`, "page");
  for (const name of [".hidden", ".git/config", "site/.env"]) await Deno.writeTextFile(`${root}/${name}`, SECRET);
  await Deno.writeTextFile(`${gateway.stateDir}/secret.txt`, SECRET);
  await Deno.symlink(`${gateway.stateDir}/secret.txt`, `${root}/file-link.txt`);
  await Deno.symlink("..", `${root}/folder-link`);
  await Deno.symlink("/etc", `${root}/absolute-link`);
  await Deno.symlink("../../..", `${root}/deep/inner/out`);
  await Deno.link(`${gateway.stateDir}/secret.txt`, `${root}/hard-link.txt`);
  await new Deno.Command("mkfifo", { args: [`${root}/pipe`] }).output();
}

gatewayTest("attacks on the canvas host", {}, {
  "no way of writing a path leads out of the root or to a hidden file": async (gateway) => {
    await furnish(gateway);
    const { client, cap, canvasPort } = await placeOf(gateway);
    for (const port of [gateway.port, canvasPort]) {
      for (const prefix of ["", cap]) {
        assert.equal((await ask(port, `${prefix}${CANVAS}site/page.txt`)).text, "page");
        for (const path of WAYS_OUT) {
          const target = `${prefix}${CANVAS}${path}`;
          const answer = await ask(port, target, { headers: { authorization: `Bearer ${gateway.token}` } });
          const redirect = path === "site" ? 302 : undefined;
          assert.ok([400, 401, 404, redirect].includes(answer.status), `${target}: ${answer.status}`);
          assert.ok(!answer.text.includes(SECRET) && !answer.text.includes("root:"), target);
        }
      }
    }
    await client.close();
  },
  "the A2UI page's folder and the bridge give nothing else of the program": async (gateway) => {
    for (
      const path of [
        "../canvas/bridge.js",
        "..%2f..%2fmain.ts",
        ".stamp",
        "%2estamp",
        "v0_8.ts",
        "x/y.js",
        "../../../deno.json",
      ]
    ) {
      const answer = await ask(gateway.port, `/__openclaw__/a2ui/${path}`);
      assert.equal(answer.status, 404, path);
    }
  },
  "what is no plain file does not make anybody wait": async (gateway) => {
    const started = Date.now();
    const answers = await within(
      "the answers",
      Promise.all(Array.from({ length: 20 }, () => ask(gateway.port, `${CANVAS}pipe`))),
      5_000,
    );
    assert.ok(answers.every(({ status }) => status === 404));
    assert.ok(Date.now() - started < 2_000, "a pipe was opened");
  },
  "a folder that is swapped for a link while it is asked for never gives a file from outside": async (gateway) => {
    const root = rootOf(gateway);
    await Deno.mkdir(`${root}/swap`);
    await Deno.writeTextFile(`${root}/swap/secret.txt`, "inside");
    const swapping = { on: true };
    const swaps = swap(root, swapping);
    const seen = new Set<string>();
    const end = Date.now() + 2_000;
    while (Date.now() < end) {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => ask(gateway.port, `${CANVAS}swap/secret.txt`)),
      );
      for (const { text } of answers) seen.add(text);
    }
    swapping.on = false;
    await swaps;
    assert.ok(!seen.has(SECRET), "a file from outside was served");
    assert.equal((await ask(gateway.port, `${CANVAS}swap/secret.txt`)).text, "inside");
  },
  "what an agent wrote is no code for WebChat, which has the same origin on the gateway's port": async (gateway) => {
    await Deno.writeTextFile(`${rootOf(gateway)}/evil.js`, "alert(1)");
    const { client, cap } = await placeOf(gateway);
    const status = async (site: string, dest: string) => {
      const headers = { "sec-fetch-site": site, "sec-fetch-dest": dest, "sec-fetch-mode": "no-cors" };
      return (await ask(gateway.port, `${cap}${CANVAS}evil.js`, { headers })).status;
    };
    for (const dest of ["script", "style", "worker", "serviceworker"]) {
      assert.equal(await status("same-origin", dest), 404, dest);
    }
    assert.equal(await status("cross-site", "script"), 200, "a sandboxed page, which is foreign to its own files");
    assert.equal(await status("same-origin", "iframe"), 200);
    await client.close();
  },
  "the Host header cannot write into the policy": async (gateway) => {
    const { client, cap, canvasPort } = await placeOf(gateway);
    for (
      const host of ["127.0.0.1; script-src *", "127.0.0.1 *", "127.0.0.1,x", "127.0.0.1:1 'unsafe-inline'", "[::1];x"]
    ) {
      const answer = await ask(canvasPort, `${cap}${CANVAS}`, { headers: { host } });
      assert.ok(answer.status === 403 || answer.status === 400, `${host}: ${answer.status}`);
      assert.ok(!(answer.headers["content-security-policy"] ?? "").includes("*"));
    }
    await client.close();
  },
});

/** Puts a link to the outside in the place of `swap` and back, with pauses in which a reader can get through. */
async function swap(root: string, while_: { readonly on: boolean }): Promise<void> {
  await Deno.symlink("..", `${root}/swap-link`);
  for (let round = 0; while_.on; round++) {
    await Deno.rename(`${root}/swap`, `${root}/swap-kept`);
    await Deno.rename(`${root}/swap-link`, `${root}/swap`);
    if (round % 3 === 0) await new Promise((resolve) => setTimeout(resolve, round % 7));
    await Deno.rename(`${root}/swap`, `${root}/swap-link`);
    await Deno.rename(`${root}/swap-kept`, `${root}/swap`);
    if (round % 2 === 0) await new Promise((resolve) => setTimeout(resolve, round % 31));
  }
}
