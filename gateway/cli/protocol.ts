/**
 * Writes the JSON Schema bundle and the protocol reference from the tables that run the gateway; `--check` only compares.
 * A tool of the project (`deno task protocol`), not a command of the executable: it reads the golden frames of the tests.
 */
import { catalog } from "../../schemas/codegen/catalog.ts";
import { jsonSchemaBundle } from "../../schemas/codegen/json_schema.ts";
import { type Examples, referencePage } from "../../schemas/codegen/markdown.ts";
import { EVENTS } from "../../schemas/event/mod.ts";
import { Closed, type Static, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import { METHODS } from "../rpc/registry.ts";

const ROOT = new URL("../../", import.meta.url);
export const GOLDEN_DIR = new URL("tests/fixtures/frames/", ROOT);

/** One file of golden frames: schema name → values that it must accept and values that it must refuse. */
const GoldenFile = Type.Record(
  Type.String(),
  Closed({ accepted: Type.Array(Type.Unknown()), refused: Type.Array(Type.Unknown()) }),
);
const checkGolden = checker(GoldenFile);
export type Golden = Static<typeof GoldenFile>;
const checkBytes = checker(Closed({ $bytes: Type.String() }));

/** Worker messages carry raw bytes, JSON cannot: golden frames write them as `{ "$bytes": <base64> }`. */
function revive(_key: string, value: unknown): unknown {
  return checkBytes.is(value) ? Uint8Array.fromBase64(value.$bytes) : value;
}

/** All golden frames. Throws when a file has another form or names a schema that another file has. */
export async function readGolden(dir: URL = GOLDEN_DIR): Promise<Golden> {
  const all: Golden = {};
  const names: string[] = [];
  for await (const entry of Deno.readDir(dir)) if (entry.name.endsWith(".json")) names.push(entry.name);
  for (const name of names.sort()) {
    const checked = checkGolden(JSON.parse(await Deno.readTextFile(new URL(name, dir)), revive));
    if (!checked.ok) throw new Error(`Cannot read golden frames "${name}": ${checked.error}`);
    for (const [schema, values] of Object.entries(checked.value)) {
      if (schema in all) throw new Error(`Cannot read golden frames "${name}": ${schema} is in another file too`);
      all[schema] = values;
    }
  }
  return all;
}

/** What the generated files must hold, by file. */
export async function generate(): Promise<Map<URL, string>> {
  const everything = catalog(METHODS, EVENTS);
  const examples: Examples = new Map(
    Object.entries(await readGolden()).map(([name, values]) => [name, values.accepted[0]]),
  );
  return new Map([
    [new URL("schemas/generated/protocol.schema.json", ROOT), jsonSchemaBundle(everything)],
    [new URL("docs/protocol.md", ROOT), referencePage(everything, examples)],
  ]);
}

/** The generated files whose content on disk is not what the tables say. */
export async function stale(): Promise<string[]> {
  const found: string[] = [];
  for (const [file, text] of await generate()) {
    if (await Deno.readTextFile(file).catch(() => "") !== text) found.push(file.pathname.slice(ROOT.pathname.length));
  }
  return found;
}

/** Exit code: 0, or 1 when `--check` found a stale file. */
async function main(args: readonly string[]): Promise<number> {
  const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  if (args.includes("--check")) {
    const files = await stale();
    for (const file of files) say(`Stale: ${file}; run: deno task protocol`);
    return files.length === 0 ? 0 : 1;
  }
  for (const [file, text] of await generate()) {
    await Deno.mkdir(new URL("./", file), { recursive: true });
    await Deno.writeTextFile(file, text);
    say(`Wrote ${file.pathname.slice(ROOT.pathname.length)}`);
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
