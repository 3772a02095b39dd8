/** `openclaw config`: read it through the gateway, check the file without one, say where it is. */
import { loadConfig } from "../config/load.ts";
import { pathsOf } from "../config/paths.ts";
import { resolve } from "node:path";
import { redact } from "../observe/redact.ts";
import { withGateway } from "./connect.ts";
import type { Command } from "./context.ts";
import { CliError, EXITS } from "./exit.ts";
import { count } from "./format.ts";
import { clean, jsonText, oneLine, type Output } from "./output.ts";
import { ConfigGet, read } from "./payloads.ts";
import { places } from "./settings.ts";

export const getCommand: Command = (context, options, [path]) =>
  withGateway(context, options, async (session) => {
    const { out } = context;
    const payload = await session.call("config.get", {});
    if (options.flag("json") && path === undefined) return out.json(payload);
    const answer = read("config.get", ConfigGet, payload);
    const config = answer.parsed ?? answer.config ?? {};
    if (path === undefined) return out.line(jsonText(config));
    const value = valueAt(config, path);
    if (value === undefined) {
      throw new CliError("failed", `"${clean(path)}" is not set in ${clean(answer.path ?? "the configuration")}`, [
        "All that is set: openclaw config get",
      ]);
    }
    out.line(typeof value === "string" && !options.flag("json") ? clean(value) : jsonText(value));
  });

/** `agents.list[0].id`, `agents.list.0.id` and `models.providers.openai`: own keys only. */
export function valueAt(root: unknown, path: string): unknown {
  let value = root;
  for (const key of path.replaceAll(/\[(\d+)\]/gu, ".$1").split(".").filter((part) => part !== "")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

export const validateCommand: Command = async ({ out, env }, options, [file]) => {
  const path = file === undefined ? places(env).configPath : resolve(file);
  const { config: { exists, issues, warnings } } = await loadConfig({
    env,
    paths: { ...pathsOf(env), configPath: path },
  });
  const valid = issues.length === 0;
  const code = valid ? EXITS.ok.code : EXITS.failed.code;
  if (options.flag("json")) {
    out.json(redact({ path, exists, valid, issues, warnings }));
    return code;
  }
  for (const issue of issues) show(out, out.style("red", "issue"), issue);
  for (const warning of warnings) show(out, out.style("yellow", "warning"), warning);
  if (!exists) out.line(`There is no file at ${path}; the defaults apply.`);
  else if (valid) {
    out.line(`${path} is valid${warnings.length > 0 ? `, with ${count(warnings.length, "warning")}` : ""}.`);
  } else out.line(`${path} has ${count(issues.length, "issue")}; the parts with issues are off or use their defaults.`);
  return code;
};

function show(out: Output, kind: string, { path, message }: { readonly path: string; readonly message: string }): void {
  out.line(`${kind}  ${oneLine(path === "" || message.includes(path) ? message : `${path}: ${message}`, 300)}`);
}

export const pathCommand: Command = async ({ out, env }, options) => {
  const { configPath } = places(env);
  const exists = await Deno.stat(configPath).then(() => true, () => false);
  if (options.flag("json")) out.json({ path: configPath, exists });
  else out.line(configPath);
};
