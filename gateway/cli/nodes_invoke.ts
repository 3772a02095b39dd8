/** `openclaw nodes invoke`: any command of a node, and what it answers. */
import { Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import { withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { CliError } from "./exit.ts";
import { invoke, invokeTimeout } from "./nodes_call.ts";
import { endingOf, saveBase64, size } from "./nodes_file.ts";
import { pickNode } from "./nodes_pick.ts";

const MAX_INPUT = 4 * 1024 * 1024;
const checkFile = checker(Type.Object({ base64: Type.String(), format: Type.Optional(Type.String()) }));

export const invokeCommand: Command = async (context, options, [wanted, command = "", json]) => {
  const params = await paramsOf(context, options.text("params") ?? json);
  return await withGateway(context, options, async (session) => {
    const { out } = context;
    const node = await pickNode(session, wanted);
    const payload = await invoke(session, node, command, params, invokeTimeout(options));
    const output = options.text("output");
    if (output === undefined) return out.json(payload);
    const checked = checkFile(payload);
    if (!checked.ok) throw new CliError("failed", `Cannot save the answer of ${command}: it holds no base64`);
    const { base64, format } = checked.value;
    const file = { base64, name: `${command.replaceAll(/[^a-z0-9.]/giu, "")}.${endingOf(format ?? "")}` };
    const saved = await saveBase64(context, session.settings.stateDir, output, file);
    if (options.flag("json")) return out.json({ ...Object(payload), base64: undefined, ...saved });
    out.line(`Saved: ${saved.path} (${size(saved.bytes)})`);
  });
};

/** The parameters of a command line: one JSON object, `-` for standard input, undefined when there are none. */
async function paramsOf(context: CliContext, text: string | undefined): Promise<unknown> {
  if (text === undefined) return undefined;
  const source = text === "-" ? await context.input.text(MAX_INPUT) : text;
  try {
    const value: unknown = JSON.parse(source);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw new CliError(
      "usage",
      `Cannot read the parameters: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  throw new CliError("usage", "Cannot read the parameters: one JSON object is needed");
}
