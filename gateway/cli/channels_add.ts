/** `openclaw channels add`: asks what a provider needs, writes the configuration with its comments kept, and tests it. */
import type { TSchema } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import { channelSchema } from "../config/channel_accounts.ts";
import { patchFile } from "../config/control.ts";
import type { Json, JsonMap } from "../config/edit.ts";
import { configFromText, loadConfig } from "../config/load.ts";
import { pathsOf } from "../config/paths.ts";
import { channelEntries } from "../supervisor/shipped.ts";
import { type Questions, questions } from "./ask.ts";
import { ConfigBase, ConfigEffects } from "./channel_payloads.ts";
import { testAccount } from "./channels_try.ts";
import { type Session, withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { CliError } from "./exit.ts";
import { configured } from "./gateway_boot.ts";
import type { Options } from "./options.ts";
import { clean } from "./output.ts";
import { read } from "./payloads.ts";

/** A program that the host runs: only the file on the host itself may name it. */
const HOST_KEY = "cliPath";

interface Wanted {
  readonly manifest: ChannelManifest;
  readonly accountId: string | undefined;
  readonly patch: JsonMap;
  readonly hostOnly: boolean;
}

export const addCommand: Command = async (context, options, [id = ""]) => {
  const manifest = knownManifest(id);
  using asked = questions(context);
  const keys = await setupKeys(context, manifest, options, asked);
  const accountId = options.text("account");
  const own = { enabled: true, ...keys };
  const channel = accountId === undefined ? own : { enabled: true, accounts: { [accountId]: own } };
  const wanted: Wanted = {
    manifest,
    accountId,
    patch: { channels: { [manifest.id]: channel } },
    hostOnly: HOST_KEY in keys,
  };
  try {
    await withGateway(context, options, (session) => addOverGateway(context, session, wanted, asked));
  } catch (error) {
    if (!(error instanceof CliError) || error.exit !== "unreachable" || options.text("url") !== undefined) throw error;
    await addToFile(context, wanted);
    context.out.line("No gateway runs; it is tested when one starts: deno task gateway");
  }
};

function knownManifest(id: string): ChannelManifest {
  const manifests = channelEntries().map(({ manifest }) => manifest);
  const found = manifests.find((each) => each.id === id.trim().toLowerCase());
  if (found) return found;
  throw new CliError("usage", `Cannot add "${clean(id)}": there is no such channel`, [
    `Known: ${manifests.map(({ id, label }) => `${id} (${label})`).join(", ")}`,
  ]);
}

/** `--set key=value` answers a question; the others are asked. An empty answer leaves the key out. */
async function setupKeys(
  { out }: CliContext,
  manifest: ChannelManifest,
  options: Options,
  asked: Questions,
): Promise<Record<string, Json>> {
  const given = givenKeys(options.list("set"), manifest);
  if (manifest.setup.length > 0) out.line(`${manifest.label}: what it needs. Enter alone leaves a value out.`);
  const keys: Record<string, Json> = { ...given };
  for (const { key, label, help, secret } of manifest.setup) {
    if (key in given) continue;
    out.line(`  ${out.style("dim", help)}`);
    if (secret) {
      out.line(
        `  ${out.style("dim", "It may also be ${VARIABLE} or file:/absolute/path, which keeps it out of the file")}`,
      );
    }
    const answer = await (secret ? asked.askSecret : asked.ask)(`${label}: `);
    if (answer !== "") keys[key] = answer;
  }
  const missing = missingOf(manifest, keys);
  if (missing.length > 0) throw new CliError("usage", `Cannot add ${manifest.label}: ${missing.join("; ")}`);
  return keys;
}

function missingOf(manifest: ChannelManifest, keys: Readonly<Record<string, Json>>): string[] {
  const secrets = manifest.secrets.filter((key) => key in keys || `${key}File` in keys);
  const config = Object.fromEntries(Object.entries(keys).filter(([key]) => !manifest.secrets.includes(key)));
  return manifest.missing(config, new Set(secrets));
}

function givenKeys(pairs: readonly string[], manifest: ChannelManifest): Record<string, Json> {
  const { properties } = channelSchema(manifest);
  return Object.fromEntries(pairs.map((pair) => {
    const at = pair.indexOf("=");
    const key = pair.slice(0, Math.max(at, 0));
    const schema = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (schema !== undefined) return [key, valueFor(schema, key, pair.slice(at + 1))];
    throw new CliError("usage", `Cannot use --set "${clean(pair.split("=")[0] ?? "")}": a known key and = are needed`, [
      `Keys: ${Object.keys(properties).join(", ")}`,
    ]);
  }));
}

/** The text itself where the key takes text, else what it says as JSON: `true`, `20`, `["a"]`. */
function valueFor(schema: TSchema, key: string, text: string): Json {
  const fits = checker(schema).is;
  if (fits(text)) return text;
  try {
    const value: Json = JSON.parse(text);
    if (fits(value)) return value;
  } catch {
    // It is no JSON either.
  }
  throw new CliError("usage", `Cannot use --set "${key}": the value does not fit`);
}

async function addOverGateway(context: CliContext, session: Session, wanted: Wanted, asked: Questions): Promise<void> {
  const { out } = context;
  if (wanted.hostOnly) {
    if (!isOwnFile(context, session)) {
      throw new CliError("failed", `Cannot set ${HOST_KEY} from here: it names a program of the gateway's host`, [
        "Run this command on that host",
      ]);
    }
    await addToFile(context, wanted);
  } else {
    const base = read("config.get", ConfigBase, await session.call("config.get", {}));
    const params = { raw: JSON.stringify(wanted.patch), ...(base.hash === undefined ? {} : { baseHash: base.hash }) };
    const { path, restart } = read("config.patch", ConfigEffects, await session.call("config.patch", params));
    out.line(`Written to ${clean(path)}`);
    for (const reason of restart.reasons) out.line(clean(reason));
    if (restart.required) {
      out.line("Start it again to finish: deno task gateway");
      return;
    }
  }
  await testAccount(context, session, asked, wanted.manifest, wanted.accountId);
}

/** Whether the gateway reads the very file that this command would write. */
function isOwnFile({ env }: CliContext, { client, target }: Session): boolean {
  return target.loopback && client.hello.snapshot?.configPath === configured(() => pathsOf(env)).configPath;
}

async function addToFile({ out, env }: CliContext, { patch }: Wanted): Promise<void> {
  const paths = configured(() => pathsOf(env));
  const options = { env, paths, manifests: channelEntries().map(({ manifest }) => manifest) };
  await Deno.mkdir(paths.configDir, { recursive: true, mode: 0o700 });
  const { config } = await patchFile(paths.configPath, patch, {
    read: () => loadConfig(options),
    parse: (text) => configFromText(text, options),
  }).catch((error: Error) => {
    throw new CliError("config", error.message);
  });
  out.line(`Written to ${config.path}`);
}
