/** Golden frames: every schema accepts its accepted examples and refuses its refused ones, and no schema is without. */
import assert from "node:assert/strict";
import { readGolden, stale } from "../../gateway/cli/protocol.ts";
import { METHODS } from "../../gateway/rpc/registry.ts";
import { catalog } from "../../schemas/codegen/catalog.ts";
import { EVENTS } from "../../schemas/event/mod.ts";
import type { TSchema } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";

const { schemas } = catalog(METHODS, EVENTS);
/** Schemas that accept everything cannot have a refused example. */
const ANYTHING = new Set([...schemas].filter(([, schema]) => JSON.stringify(schema) === "{}").map(([name]) => name));

Deno.test("every schema has an accepted and a refused golden frame, and no golden frame is without a schema", async () => {
  const golden = await readGolden();
  const missing = [...schemas.keys()].filter((name) =>
    (golden[name]?.accepted.length ?? 0) === 0 || ((golden[name]?.refused.length ?? 0) === 0 && !ANYTHING.has(name))
  );
  assert.deepEqual(missing, [], "schemas without an accepted or a refused example");
  assert.deepEqual(Object.keys(golden).filter((name) => !schemas.has(name)), [], "examples of schemas that are gone");
});

Deno.test("every kind of a message between main and a worker has an accepted golden frame", async () => {
  const golden = await readGolden();
  const missing = [...schemas].filter(([name]) => name.startsWith("worker.")).flatMap(([name, schema]) => {
    const kinds: readonly TSchema[] = schema["anyOf"];
    return kinds.filter((kind) => !golden[name]?.accepted.some(checker(kind).is))
      .map((kind) => `${name}: ${JSON.stringify(kind["properties"])}`);
  });
  assert.deepEqual(missing, []);
});

Deno.test("every schema accepts its accepted golden frames and refuses its refused ones", async () => {
  const wrong: string[] = [];
  for (const [name, values] of Object.entries(await readGolden())) {
    const schema = schemas.get(name);
    if (!schema) continue;
    const check = checker(schema);
    values.accepted.forEach((value, index) => {
      const checked = check(value);
      if (!checked.ok) wrong.push(`${name} accepted[${index}]: ${checked.error}`);
    });
    values.refused.forEach((value, index) => {
      if (check(value).ok) wrong.push(`${name} refused[${index}] was accepted`);
    });
  }
  assert.deepEqual(wrong, []);
});

Deno.test("the JSON Schema bundle and the protocol reference are not stale", async () => {
  assert.deepEqual(await stale(), [], "run: deno task protocol");
});
