/** Proves, on the flags that a node is started with, what its process cannot do. */
import assert from "node:assert/strict";
import { ROOT } from "../helpers/gateway.ts";
import { TestNode } from "./lab.ts";

const REFUSED = /^(NotCapable|PermissionDenied): |Requires \S+ access/u;

Deno.test("a node's process reaches its gateway, its folders and its programs, and nothing else", async () => {
  const [gateway, other] = [0, 0].map((port) => Deno.listen({ hostname: "127.0.0.1", port }));
  const shown = await Deno.realPath(await Deno.makeTempDir({ prefix: "ocshare-" }));
  try {
    assert.ok(gateway && other);
    await Deno.writeTextFile(`${shown}/hello.txt`, "hello");
    const { port } = gateway.addr;
    await using node = await TestNode.start({
      port,
      args: ["--allow-dir", shown, "--allow-program", "echo"],
      script: `${ROOT}tests/nodes_cli/denials.ts`,
      scriptArgs: (stateDir) => [`127.0.0.1:${port}`, `127.0.0.1:${other.addr.port}`, stateDir, shown],
    });
    assert.equal((await node.done).code, 0, node.output);
    const report: Record<"forbidden" | "permitted", Record<string, string>> = JSON.parse(node.output);
    for (const [what, how] of Object.entries(report.forbidden)) assert.match(how, REFUSED, what);
    for (const [what, how] of Object.entries(report.permitted)) assert.equal(how, "allowed", what);
  } finally {
    gateway?.close();
    other?.close();
    await Deno.remove(shown, { recursive: true });
  }
});

Deno.test("the flags name one gateway, and no category is granted as a whole", async () => {
  await using node = await TestNode.start({
    port: 9,
    args: ["--once"],
    nodeHost: { allowDirs: ["~/share"], programs: ["git"] },
  });
  await node.done;
  const of = (name: string) =>
    node.flags.find((flag) => flag.startsWith(`--allow-${name}=`))?.split("=")[1]?.split(",");
  assert.deepEqual(of("net"), ["127.0.0.1:9"]);
  assert.deepEqual(of("run"), ["git", "notify-send"]);
  assert.deepEqual(of("write"), [node.stateDir]);
  assert.deepEqual(of("read"), [node.stateDir, `${node.home}/share`, "/usr/bin", "/bin"]);
  assert.deepEqual(node.flags.filter((flag) => !/^--allow-(net|read|write|env|sys|run)=.+$/u.test(flag)), [
    "--deny-import",
  ]);
  assert.match(node.output, /nothing listens there/u);
});
