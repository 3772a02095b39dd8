/**
 * Started on a node's own flags with: its gateway, another endpoint, its state directory, a shown folder. Tries what the
 * process of a node must not be able to do, and prints what happened as JSON. Links out of the shown folder are not
 * among it: the runtime follows them, which is why the node itself compares real paths (node_host_test.ts).
 */
import "../../gateway/observe/env.ts";

const [gateway = "", other = "", stateDir = "", shown = ""] = Deno.args;

const connect = async (endpoint: string) => {
  const [hostname = "", port] = endpoint.split(":");
  (await Deno.connect({ hostname, port: Number(port) })).close();
};
const run = (program: string, env: Record<string, string> = {}) => new Deno.Command(program, { env }).output();

const forbidden: Record<string, () => unknown> = {
  "read /etc/passwd": () => Deno.readTextFile("/etc/passwd"),
  "read the home folder": () => [...Deno.readDirSync(`${stateDir}/..`)],
  "read beside the shown folder": () => Deno.readTextFile(`${shown}/../x`),
  "write into the shown folder": () => Deno.writeTextFile(`${shown}/x`, "x"),
  "write beside the state directory": () => Deno.writeTextFile(`${stateDir}-other`, "x"),
  "run another program": () => run("/usr/bin/id"),
  "run another program by its name": () => run("id"),
  "run a permitted program with a library of its own": () => run("/usr/bin/echo", { LD_PRELOAD: "/tmp/x.so" }),
  "signal another process": () => Deno.kill(1, "SIGCONT"),
  "load native code": () => Deno.dlopen("libc.so.6", {}),
  "connect to another port": () => connect(other),
  "connect to another host": () => fetch("http://198.51.100.7/"),
  "listen": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
  "read a variable after the start": () => Deno.env.get("HOME"),
  "ask for the addresses of the host": () => Deno.networkInterfaces(),
  "import from the web": () => import(`https://deno.land/${"std"}/version.ts`),
};

const permitted: Record<string, () => unknown> = {
  "connect to its gateway": () => connect(gateway),
  "read the shown folder": () => Deno.readTextFile(`${shown}/hello.txt`),
  "write its state": () => Deno.writeTextFile(`${stateDir}/probe`, "x"),
  "run a permitted program": () => run("/usr/bin/echo"),
  "ask for the host's name": () => Deno.hostname(),
};

async function outcomes(attempts: Record<string, () => unknown>): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [what, action] of Object.entries(attempts)) {
    try {
      await action();
      found[what] = "allowed";
    } catch (error) {
      found[what] = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
  }
  return found;
}

const report = { forbidden: await outcomes(forbidden), permitted: await outcomes(permitted) };
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(report)));
