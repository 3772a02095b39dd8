/**
 * What a provider's real worker under its real permission set cannot do. A provider's test makes an entry of two lines
 * (`import "../../../workers/<id>/main.ts"; import "./channel_probe.ts";`) in tests/fixtures/workers and calls this.
 */
import assert from "node:assert/strict";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";

export interface DenialOptions {
  readonly manifest: ChannelManifest;
  readonly entry: URL;
  readonly isolation: "worker" | "process";
  /** The configuration of an account whose platform is at `address` (`http://127.0.0.1:<port>`). */
  readonly config: (address: string) => Record<string, unknown>;
  readonly secrets?: Record<string, string>;
  /** False: the provider has no network at all, not even to its platform. */
  readonly network?: false;
}

/** What `tests/fixtures/workers/denial_main.ts` is told. */
export interface DenialOrder {
  readonly entry: string;
  readonly isolation: "worker" | "process";
  readonly permissions: ReturnType<ChannelManifest["permissions"]>;
  readonly config: Record<string, unknown>;
  readonly secrets: Record<string, string>;
}

const DENIED = [
  "otherHost",
  "redirectToOtherHost",
  "otherPort",
  "metadataAddress",
  "listen",
  "readFile",
  "nodeReadFile",
  "listFolder",
  "writeFile",
  "envGet",
  "envList",
  "command",
  "nodeSpawn",
  "signalOther",
  "nativeCode",
  "importFile",
  "importWeb",
  "importPackage",
  "widerWorker",
] as const;

/** Asserts each denial and returns every outcome, for what is special to a provider. */
export async function assertDenials(options: DenialOptions): Promise<Record<string, unknown>> {
  const serve = (handler: Deno.ServeHandler) =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  const reached: string[] = [];
  const denied = serve((request) => {
    reached.push(request.url);
    return new Response("reached");
  });
  const deniedUrl = `http://127.0.0.1:${denied.addr.port}`;
  const allowed = serve((request) =>
    new URL(request.url).pathname === "/redirect" ? Response.redirect(`${deniedUrl}/after`) : new Response("fine")
  );
  const allowedUrl = `http://127.0.0.1:${allowed.addr.port}`;
  const entry = new URL(options.entry);
  entry.search = new URLSearchParams({ allowed: allowedUrl, denied: deniedUrl }).toString();
  const config = options.config(allowedUrl);
  const { manifest, isolation, secrets = {} } = options;
  try {
    const permissions = manifest.permissions(config);
    const outcomes = await inProcess({ entry: entry.href, isolation, permissions, config, secrets });
    check(outcomes, options.network !== false);
    assert.deepEqual(reached, [], "nothing reached the other host");
    return outcomes;
  } finally {
    await Promise.all([denied.shutdown(), allowed.shutdown()]);
  }
}

/** Under the gateway's own switches: only `--cached-only` keeps a computed import from the package registry. */
async function inProcess(order: DenialOrder): Promise<Record<string, unknown>> {
  const { net, run } = order.permissions;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--cached-only",
      "--no-prompt",
      `--allow-net=${["127.0.0.1", ...net].join(",")}`,
      "--allow-sys",
      "--allow-read",
      `--allow-run=${[Deno.execPath(), ...run].join(",")}`,
      new URL("../fixtures/workers/denial_main.ts", import.meta.url).href,
      JSON.stringify(order),
    ],
    clearEnv: true,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.notEqual(text, "", new TextDecoder().decode(stderr));
  const outcomes: Record<string, unknown> = JSON.parse(text);
  return outcomes;
}

function check(outcomes: Record<string, unknown>, network: boolean): void {
  if (network) assert.equal(outcomes["allowedHost"], "allowed: fine");
  for (const name of network ? DENIED : ["allowedHost", ...DENIED]) {
    const outcome = String(outcomes[name]);
    assert.doesNotMatch(outcome, /^allowed/u, `${name}: ${outcome}`);
    assert.match(
      outcome,
      /NotCapable|Requires|permission|Can't escalate|EACCES|cached|not found in cache|--allow|Operation not permitted/iu,
      `${name}: ${outcome}`,
    );
  }
  assert.equal(outcomes["processEnv"], "allowed: 0");
  assert.equal(outcomes["broadcastChannel"], "allowed: undefined");
  assert.equal(outcomes["caches"], "allowed: undefined");
}
