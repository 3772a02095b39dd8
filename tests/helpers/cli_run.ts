/** Runs one CLI command inside the test process against a fake gateway and returns everything it did. */
import type { Command } from "../../gateway/cli/context.ts";
import { CliError } from "../../gateway/cli/exit.ts";
import { loadIdentity } from "../../gateway/cli/identity.ts";
import { Options } from "../../gateway/cli/options.ts";
import { tempState, testCli, type TestCliOptions } from "./cli_context.ts";
import { FakeGateway, type FakeRequest, type Handler, welcoming } from "./fake_gateway.ts";

export interface Setup extends TestCliOptions {
  readonly options?: Record<string, unknown>;
  readonly args?: readonly string[];
  readonly onRequest?: (request: FakeRequest, interrupt: () => void) => void;
}

/** Runs a command against `handler` and returns everything it did. */
export async function run(command: Command, handler: Handler, setup: Setup = {}) {
  await using state = await tempState();
  const deviceId = (await loadIdentity(state.dir, 1)).deviceId;
  const env = { OPENCLAW_STATE_DIR: state.dir };
  const cli = testCli({ ...setup, env });
  await using fake = await FakeGateway.start(welcoming((request, socket) => {
    setup.onRequest?.(request, cli.interrupt);
    handler(request, socket);
  }));
  const options = new Options({ url: fake.url, ...setup.options });
  const code = await command(cli.context, options, setup.args ?? []).catch((error: unknown) => {
    if (error instanceof CliError) return error;
    throw error;
  });
  const requests = fake.requests.slice(1).map(({ method, params }) => ({ method, params }));
  return { code, stdout: cli.stdout(), stderr: cli.stderr(), requests, deviceId, files: await storedTokens(state.dir) };
}

async function storedTokens(dir: string): Promise<string> {
  let text = "";
  for await (const { name } of Deno.readDir(`${dir}/identity`)) {
    if (name.startsWith("device-auth")) text += await Deno.readTextFile(`${dir}/identity/${name}`);
  }
  return text;
}

/** Answers by method; other methods are unknown. */
export const answers = (table: Record<string, unknown>): Handler => (request, socket) =>
  Object.hasOwn(table, request.method)
    ? socket.answer(request, table[request.method])
    : socket.refuse(request, { code: "INVALID_REQUEST", message: `unknown method: ${request.method}` });
