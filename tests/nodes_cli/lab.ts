/** A real `openclaw node run` beside a real gateway, on the permissions that `openclaw permissions --for node` derives. */
import type { TestClient } from "../helpers/client.ts";
import { denoDir, ROOT } from "../helpers/gateway.ts";
import { gatewayFlags } from "../helpers/permissions.ts";
import { assertDocumented } from "../helpers/node_answer.ts";
import { eventually, within } from "../helpers/wait.ts";

const STOP_MS = 15_000;

export interface NodeLabOptions {
  readonly port: number;
  readonly token?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Written as `nodeHost` of the node's configuration. */
  readonly nodeHost?: Record<string, unknown>;
  /** Of an earlier node that was stopped; default a new one. */
  readonly home?: string;
  /** Another script on the node's flags. */
  readonly script?: string;
  readonly scriptArgs?: (stateDir: string) => readonly string[];
}

export class TestNode implements AsyncDisposable {
  #output = "";
  #ended = false;
  private constructor(
    readonly home: string,
    /** What it was started with. */
    readonly flags: readonly string[],
    readonly process: Deno.ChildProcess,
    readonly done: Promise<Deno.CommandStatus>,
  ) {}

  static async start(options: NodeLabOptions): Promise<TestNode> {
    const home = options.home ?? await Deno.makeTempDir({ prefix: "ocnode-" });
    const state = `${home}/state`;
    await Deno.mkdir(state, { mode: 0o700, recursive: true });
    const { nodeHost } = options;
    if (nodeHost) {
      await Deno.writeTextFile(`${state}/openclaw.json`, JSON.stringify({ nodeHost }), { mode: 0o600 });
    }
    const env = {
      PATH: "/usr/bin:/bin",
      HOME: home,
      OPENCLAW_STATE_DIR: state,
      DENO_DIR: await denoDir(),
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
      ...options.env,
    };
    const args = ["--port", String(options.port), ...options.args ?? []];
    const flags = await gatewayFlags(env, ["--for", "node", ...args]);
    const secret = options.token === undefined ? [] : ["--token", options.token];
    const program = options.script === undefined
      ? [`${ROOT}main.ts`, "node", "run", ...args, ...secret]
      : [options.script, ...options.scriptArgs?.(state) ?? []];
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--cached-only", "--no-prompt", ...flags, ...program],
      cwd: home,
      env,
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const streams = [process.stdout, process.stderr].map(async (stream) => {
      for await (const part of stream.pipeThrough(new TextDecoderStream())) node.#output += part;
    });
    const done = Promise.all([process.status, ...streams]).then(([status]) => {
      node.#ended = true;
      return status;
    });
    const node: TestNode = new TestNode(home, flags, process, done);
    return node;
  }

  get stateDir(): string {
    return `${this.home}/state`;
  }
  /** What it printed. */
  get output(): string {
    return this.#output;
  }

  async said(pattern: RegExp, deadlineMs = 20_000): Promise<RegExpExecArray> {
    return await eventually(`the node to say ${pattern}, it said: ${this.#output}`, () => {
      const found = pattern.exec(this.#output);
      if (found === null && this.#ended) throw new Error(`Cannot wait: the node has ended\n${this.#output}`);
      return found;
    }, deadlineMs).catch((error) => {
      throw new Error(`${error instanceof Error ? error.message : error}\n${this.#output}`);
    });
  }

  /** The node's id, from its identity file. */
  async id(): Promise<string> {
    const path = `${this.stateDir}/identity/node.json`;
    const file = await eventually("the node's identity", () => Deno.readTextFile(path).catch(() => undefined));
    return JSON.parse(file).deviceId;
  }

  /** Approves what it offers, with `allow` on. */
  async approve(owner: TestClient, allow: readonly string[]): Promise<void> {
    const [, requestId] = await this.said(/nodes approve (\S+)/u);
    await owner.request("node.pair.approve", { requestId, allowCommands: [...allow] });
    await this.said(/Approved/u);
  }

  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    if (!this.#ended) this.process.kill(signal);
    return await within("the node's end", this.done, STOP_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop();
    } finally {
      if (!this.#ended) this.process.kill("SIGKILL");
      await this.done;
      await Deno.remove(this.home, { recursive: true }).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }
}

/** Calls a command of a node; its payload, or the error's sentence. */
export async function ask(
  owner: TestClient,
  nodeId: string,
  command: string,
  params: unknown = {},
  timeoutMs = 20_000,
): Promise<Answer> {
  const call = { nodeId, command, params, timeoutMs, idempotencyKey: crypto.randomUUID() };
  const { ok, error, payload } = await owner.call("node.invoke", call, timeoutMs + 5000);
  if (!ok) return { ok, message: error?.message ?? "", payload: {} };
  const answer: unknown = Object(payload).payload;
  assertDocumented(command, answer);
  return { ok, message: "", payload: Object(answer) };
}

export interface Answer {
  readonly ok: boolean;
  readonly message: string;
  readonly payload: Readonly<Record<string, unknown>>;
}
