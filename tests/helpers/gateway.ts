/**
 * Starts a real gateway process on a free loopback port with a state directory of its own, on the permissions that
 * `openclaw permissions` derives for it, and reads what it prints.
 */
import { eventually, within } from "./wait.ts";
import { engineFlags, flagsOf, gatewayFlags } from "./permissions.ts";
import { residentMb } from "./process_facts.ts";
import { type ConnectOptions, type OpenOptions, TestClient } from "./client.ts";
import { FakeModel } from "./fake_model.ts";

export const ROOT = new URL("../../", import.meta.url).pathname;
const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 20_000;

export interface GatewayOptions {
  /** The configuration file's content; `gateway.auth.token` is filled in unless `gateway.auth` is given. */
  readonly config?: Record<string, unknown>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly port?: number;
  /** Default: a new one, removed at the end. */
  readonly stateDir?: string;
  readonly keepStateDir?: boolean;
  /** The executable, default main.ts; `FAKE_MAIN` adds the fake provider. */
  readonly main?: string;
}

/** The gateway with the fake provider (tests/helpers/gateway_fake.ts). */
export const FAKE_MAIN = `${ROOT}tests/helpers/gateway_fake.ts`;

export const TEST_TOKEN = "test-token-0123456789abcdef";

/** One running gateway. `await using` stops it and removes its files. */
export class TestGateway implements AsyncDisposable {
  #child: Running | undefined;
  /** What every process of this gateway printed, the latest last. */
  readonly #past: string[] = [];

  private constructor(
    readonly port: number,
    readonly home: string,
    readonly stateDir: string,
    private readonly options: GatewayOptions,
  ) {}

  static async start(options: GatewayOptions = {}): Promise<TestGateway> {
    const home = await Deno.makeTempDir({ prefix: "ocgw-" });
    const stateDir = options.stateDir ?? `${home}/state`;
    await Deno.mkdir(stateDir, { recursive: true, mode: 0o700 });
    const gateway = new TestGateway(options.port ?? freePort(), home, stateDir, options);
    try {
      await gateway.writeConfig(options.config ?? {});
      await gateway.#spawn();
    } catch (error) {
      await gateway.#removeFiles();
      throw error;
    }
    return gateway;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }
  get httpUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  /** The shared secret that the written configuration holds. */
  get token(): string {
    return TEST_TOKEN;
  }
  get configPath(): string {
    return `${this.stateDir}/openclaw.json`;
  }
  get pid(): number {
    return this.#running().process.pid;
  }
  /** Of a process that ended by itself; undefined while it runs. */
  get exitCode(): number | undefined {
    return this.#child?.code();
  }
  /** Standard output and standard error of the current process. */
  get output(): string {
    return this.#child?.text() ?? this.#past.at(-1) ?? "";
  }
  /** The printed WebChat link, with its one-use code in the fragment. */
  get link(): string {
    return /https?:\/\/\S+#\S+/u.exec(this.output)?.[0] ?? "";
  }
  get code(): string {
    const fragment = this.link.split("#")[1] ?? "";
    return new URLSearchParams(fragment).get("code") ?? fragment;
  }
  /** Resident memory of the process in MB. */
  get rssMb(): number {
    return residentMb(this.pid);
  }

  /** Writes the configuration file; takes effect at the next (re)start. */
  async writeConfig(config: Record<string, unknown>): Promise<void> {
    const gateway = { auth: { mode: "token", token: TEST_TOKEN }, ...(config["gateway"] ?? {}) };
    await Deno.writeTextFile(this.configPath, JSON.stringify({ ...config, gateway }, null, 2), { mode: 0o600 });
  }

  /** A client that knows the token. */
  connect(options: ConnectOptions & OpenOptions = {}): Promise<TestClient> {
    return TestClient.connect(this.url, { token: TEST_TOKEN, ...options });
  }

  /** Waits until the output matches. */
  async waitLog(pattern: RegExp, deadlineMs = 10_000): Promise<RegExpExecArray> {
    return await eventually(`output ${pattern}`, () => pattern.exec(this.output), deadlineMs);
  }

  /** Sends a signal and waits for the end of the process. */
  async kill(signal: Deno.Signal): Promise<Deno.CommandStatus> {
    const child = this.#running();
    child.process.kill(signal);
    return await this.#ended(child);
  }

  /** Orderly end: SIGTERM, exit code 0, nothing unhandled in the output. Files go too. */
  async stop(): Promise<void> {
    try {
      if (!this.#child) return;
      const { code } = await this.kill("SIGTERM");
      if (code !== 0) throw new Error(`Cannot accept exit code ${code}, expected 0\n${this.output}`);
      assertHealthyOutput(this.output);
    } finally {
      await this.#removeFiles();
    }
  }

  /** Ends the process by `signal` and starts it again on the same port, state and configuration. */
  async restart(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    await this.kill(signal);
    await this.#spawn();
  }

  /** Starts the process again after `kill`. */
  async startAgain(): Promise<void> {
    if (this.#child?.exited()) await this.#ended(this.#child);
    if (this.#child) throw new Error("Cannot start gateway: it is running");
    await this.#spawn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #spawn(): Promise<void> {
    const env = await childEnv({
      HOME: this.home,
      OPENCLAW_STATE_DIR: this.stateDir,
      OPENCLAW_CONFIG_PATH: this.configPath,
      OPENCLAW_ALLOW_MULTI_GATEWAY: "1",
      ...this.options.env,
    });
    const args = ["--port", String(this.port), ...this.options.args ?? []];
    const main = this.options.main ?? `${ROOT}main.ts`;
    const derived = this.options.main === undefined ? await gatewayFlags(env, args) : await flagsOf(main, env, args);
    const flags = [...await engineFlags(), ...derived];
    const child = run(["run", ...flags, "--cached-only", "--no-prompt", main, "gateway", ...args], env);
    this.#child = child;
    await eventually("the gateway's WebChat link", async () => {
      if (this.link !== "") return true;
      if (!child.exited()) return false;
      const { code } = await this.#ended(child);
      throw new Error(`Cannot start gateway: exit code ${code}\n${this.output}`);
    }, START_DEADLINE_MS).catch(async (error) => {
      if (this.#child) await this.kill("SIGKILL");
      throw new Error(`${error instanceof Error ? error.message : error}\n${this.output}`);
    });
  }

  #running(): Running {
    if (!this.#child) throw new Error("Cannot use gateway: it is not running");
    return this.#child;
  }

  async #ended(child: Running): Promise<Deno.CommandStatus> {
    const status = await within("the gateway's exit", child.done, STOP_DEADLINE_MS).catch(async (error) => {
      child.process.kill("SIGKILL");
      await child.done;
      throw new Error(`${error.message}\n${child.text()}`);
    });
    this.#past.push(child.text());
    this.#child = undefined;
    return status;
  }

  async #removeFiles(): Promise<void> {
    if (this.options.keepStateDir) return;
    await Deno.remove(this.home, { recursive: true });
    if (this.options.stateDir !== undefined) await Deno.remove(this.stateDir, { recursive: true }).catch(() => {});
  }
}

/** `TestGateway.start`, for readers who look for a function. */
export const spawnGateway = (options: GatewayOptions = {}): Promise<TestGateway> => TestGateway.start(options);

/** Runs one command of the executable to its end, on the permissions given. */
export async function runCli(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly flags: readonly string[]; readonly stdin?: string },
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", ...options.flags, "--cached-only", "--no-prompt", `${ROOT}main.ts`, ...args],
    clearEnv: true,
    env: await childEnv(options.env ?? {}),
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A port of loopback that was free a moment ago. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Throws when a process printed what only a fault prints. */
export function assertHealthyOutput(output: string): void {
  const fault = /unhandled|uncaught|panicked|NotCapable|Requires \S+ access/iu.exec(output);
  if (fault) throw new Error(`Cannot accept output: it holds "${fault[0]}"\n${output}`);
}

/** A clean environment: nothing of the tester's, but the cache where Deno finds its packages. */
async function childEnv(extra: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  return { PATH: "/usr/bin:/bin", DENO_DIR: await denoDir(), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...extra };
}

let cacheDir: Promise<string> | undefined;
/** Where this Deno keeps its caches; a child with another HOME would not find them. */
export function denoDir(): Promise<string> {
  return cacheDir ??= (async () => {
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stdout: "piped" }).output();
    return String(JSON.parse(new TextDecoder().decode(stdout)).denoDir);
  })();
}

interface Running {
  readonly process: Deno.ChildProcess;
  /** The end of the process, after all of its output was read. */
  readonly done: Promise<Deno.CommandStatus>;
  text(): string;
  exited(): boolean;
  code(): number | undefined;
}

function run(args: string[], env: Record<string, string>): Running {
  const process = new Deno.Command(Deno.execPath(), {
    args,
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  let exited = false;
  let code: number | undefined;
  const read = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const part of stream) output += decoder.decode(part, { stream: true });
  };
  const done = Promise.all([process.status, read(process.stdout), read(process.stderr)]).then(([status]) => {
    exited = true;
    code = status.code;
    return status;
  });
  return { process, done, text: () => output, exited: () => exited, code: () => code };
}

/** One gateway for several sentences: each is a step of its own, and the gateway must end cleanly after the last. */
export function gatewayTest(
  name: string,
  options: GatewayOptions,
  steps: Readonly<Record<string, (gateway: TestGateway, model: FakeModel) => Promise<void>>>,
): void {
  Deno.test(name, async (t) => {
    await using model = await FakeModel.start();
    await using gateway = await TestGateway.start({ ...options, config: { ...model.config(), ...options.config } });
    for (const [sentence, step] of Object.entries(steps)) await t.step(sentence, () => step(gateway, model));
  });
}
