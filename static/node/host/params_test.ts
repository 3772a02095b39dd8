/** Parameters of commands: shape and range are checked before anything runs. */
import assert from "node:assert/strict";
import { NodeFailure } from "./failure.ts";
import { Params } from "./params.ts";

const refused = (words: RegExp, act: () => unknown) =>
  assert.throws(
    act,
    (error) => error instanceof NodeFailure && error.code === "INVALID_REQUEST" && words.test(error.message),
  );

Deno.test("absent, null and empty parameters are the same", () => {
  for (const text of [undefined, null, "", "null", "{}"]) {
    assert.equal(Params.parse(text).int("maxWidth", { min: 1, max: 9 }), undefined);
  }
  assert.equal(Params.parse('{"title":null}').text("title", 9), undefined);
});

Deno.test("what is no JSON object is refused", () => {
  for (const text of ["{", "[]", "1", '"x"', "true"]) refused(/paramsJSON|object/, () => Params.parse(text));
  refused(/must be text/, () => Params.parse({ a: 1 }));
});

Deno.test("numbers keep to their range, whole ones are whole", () => {
  const params = Params.parse('{"a":5,"b":1.5,"c":"5","d":1e999}');
  assert.equal(params.int("a", { min: 5, max: 5 }), 5);
  assert.equal(params.number("b", { min: 0, max: 2 }), 1.5);
  refused(/whole/, () => params.int("b", { min: 0, max: 2 }));
  refused(/from 6 to 7/, () => params.int("a", { min: 6, max: 7 }));
  refused(/must be a number/, () => params.number("c", { min: 0, max: 9 }));
  refused(/must be a number/, () => params.number("d", { min: 0, max: 9 }));
});

Deno.test("choices, texts and flags are what they say", () => {
  const params = Params.parse('{"facing":"front","title":"hello","on":true,"off":0}');
  assert.equal(params.choice("facing", ["front", "back"]), "front");
  refused(/"back" or "side"/, () => params.choice("facing", ["back", "side"]));
  assert.equal(params.text("title", 5), "hello");
  refused(/longer than 4/, () => params.text("title", 4));
  refused(/required/, () => params.needed("body", 4));
  assert.equal(params.flag("on"), true);
  refused(/true or false/, () => params.flag("off"));
  refused(/list of objects/, () => Params.parse('{"messages":[1]}').objects("messages", 3));
  refused(/1 to 1/, () => Params.parse('{"messages":[{},{}]}').objects("messages", 1));
});
