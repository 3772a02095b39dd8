/** Checks of A2UI messages: what agents get wrong, and what attackers try. Each error must say where and what. */
import assert from "node:assert/strict";
import { GatewayError } from "../../../schemas/error.ts";
import { type Board, compact, push, restore } from "./board.ts";
import { createDialects } from "./dialects.ts";
import { LIMITS } from "./problem.ts";

const dialectOf = createDialects();
const CATALOG = "https://a2ui.org/specification/v0_9/catalogs/basic/catalog.json";
const version = "v0.9";
const create = { version, createSurface: { surfaceId: "s", catalogId: CATALOG } };
const components = (...list: readonly unknown[]) => ({
  version,
  updateComponents: { surfaceId: "s", components: list },
});
const dataAt = (path: string, value: unknown) => ({ version, updateDataModel: { surfaceId: "s", path, value } });
const update = (...list: readonly unknown[]) => ({ surfaceUpdate: { surfaceId: "s", components: list } });
const contents = (...entries: readonly unknown[]) => ({ dataModelUpdate: { surfaceId: "s", contents: entries } });
const text = (id: string) => ({ id, component: "Text", text: id });
const column = (id: string, children: unknown) => ({ id, component: "Column", children });

/** The error of a push, or "" when it was taken. */
function errorOf(messages: readonly unknown[], board?: Board): string {
  try {
    push(dialectOf, board, messages);
    return "";
  } catch (error) {
    assert.ok(error instanceof GatewayError, String(error));
    assert.equal(error.code, "INVALID_REQUEST");
    return error.message;
  }
}

/** Each row: what is sent, and how the error must read. */
function refuses(rows: readonly (readonly [messages: readonly unknown[], error: RegExp])[]): void {
  for (const [messages, error] of rows) assert.match(errorOf(messages), error, JSON.stringify(messages).slice(0, 300));
}

Deno.test("components of v0.9 are checked by their own schema, and the error says what to repair", () => {
  const wrong = (component: unknown, error: RegExp) => [[create, components(component)], error] as const;
  refuses([
    wrong(
      { id: "root", component: "Txt" },
      /^Cannot apply message 2: \/updateComponents\/components\/0\/component must be one of "Text", "Image"/u,
    ),
    wrong({ id: "root", component: "Text", text: 5 }, /components\/0\/text must be string or object$/u),
    wrong({ id: "root", component: "Text" }, /components\/0 must have the property "text"$/u),
    wrong({ ...text("root"), colour: "red" }, /components\/0 must not have the property "colour"$/u),
    wrong({ ...text("root"), variant: "h9" }, /variant must be one of "h1", "h2"/u),
    wrong(
      { id: "root", component: "Text", text: { literalString: "v0.8" } },
      /text must be string, or must have the property "path"/u,
    ),
    wrong({ id: "root", component: "Text", text: { call: "nope", args: {} } }, /must call a function of the catalog/u),
    wrong(
      { id: "root", component: "Text", text: { call: "formatString", args: {}, returnType: "string" } },
      /text\/args must have the property "value"$/u,
    ),
    wrong({ id: "root", component: "Button", child: "x" }, /must have the property "action"$/u),
    wrong({ id: "root", component: "Icon", name: "rocket" }, /name must be one of "accountCircle"/u),
    wrong(column("root", "a"), /children must be array or object$/u),
    wrong({ component: "Text", text: "x" }, /components\/0\/id must be a text of 1 to 128 characters$/u),
    wrong({ ...text("root"), id: "x".repeat(129) }, /components\/0\/id must be a text/u),
    wrong({ Text: { text: "x" } }, /components\/0\/id must be a text/u),
    wrong("Text", /components\/0 must be object$/u),
    [
      [create, components(text("a"), text("b"), text("a"))],
      /components\/2\/id is "a" again, as \/updateComponents\/components\/0; ids must be unique$/u,
    ],
    [[create, components()], /must not have fewer than 1 items/u],
  ]);
});

Deno.test("envelopes: the version, exactly one kind, and surfaces that exist", () => {
  refuses([
    [[], /there are none/u],
    [["x"], /^Cannot apply message 1: it must be an object$/u],
    [[null], /must be an object/u],
    [[{}], /exactly one of "beginRendering", "surfaceUpdate", "dataModelUpdate", "deleteSurface"$/u],
    [[{ version }], /exactly one of "createSurface"/u],
    [
      [{ version: "v1.0", createSurface: {} }],
      /^Cannot apply message 1: \/version must be "v0.9", or absent for A2UI v0.8$/u,
    ],
    [[{ createSurface: create.createSurface }], /\/version must be "v0.9": "createSurface" belongs to A2UI v0.9$/u],
    [[{ ...create, deleteSurface: { surfaceId: "s" } }], /exactly one of/u],
    [[{ deleteSurface: { surfaceId: "s" }, beginRendering: { surfaceId: "s", root: "a" } }], /exactly one of/u],
    [
      [create, update({ id: "a", component: { Divider: {} } })],
      /^Cannot apply message 2: it is A2UI v0.8, but the messages before it are A2UI v0.9; reset/u,
    ],
    [[{ ...create, extra: 1 }], /must not have the property "extra"/u],
    [[create, create], /^Cannot apply message 2: \/createSurface\/surfaceId is "s", which exists/u],
    [[components(text("root"))], /surfaceId is "s", which does not exist; create it first by createSurface$/u],
    [[{ version, createSurface: { surfaceId: "", catalogId: CATALOG } }], /surfaceId must be a text of 1 to 128/u],
    [
      [{ version, createSurface: { surfaceId: "s", catalogId: "https://example.org/mine.json" } }],
      /catalogId must be "https:\/\/a2ui.org/u,
    ],
    [[{ beginRendering: { surfaceId: "s", root: "a", catalogId: "mine" } }], /catalogId must be .* or absent/u],
  ]);
  const shown = push(dialectOf, undefined, [create]).board;
  assert.match(
    errorOf([contents({ key: "a", valueString: "b" })], shown),
    /but the screen shows A2UI v0.9; reset the screen/u,
  );
});

Deno.test("a version of the same kind is taken under its other names, and kept under one", () => {
  const other = "https://a2ui.org/specification/v0_9_1/catalogs/basic/catalog.json";
  const { messages } = push(dialectOf, undefined, [{
    version: "v0.9.1",
    createSurface: { surfaceId: "s", catalogId: other },
  }]);
  assert.deepEqual(messages, [create]);
});

Deno.test("v0.8 is checked by its standard catalog, and lists of maps may be as deep as its examples are", () => {
  refuses([
    [
      [update({ id: "a", component: { Heading: {} } })],
      /^Cannot apply message 1: \/surfaceUpdate\/components\/0\/component must be one of "Text"/u,
    ],
    [[update({ id: "a", component: { Text: { text: "x" } } })], /component\/Text\/text must be object$/u],
    [
      [update({ id: "a", component: { Text: { text: {} } } })],
      /component\/Text\/text must have 1 or more properties$/u,
    ],
    [[update({ id: "a", component: { Text: {}, Row: {} } })], /component must not have more than 1 properties$/u],
    [[update({ id: "a", component: {} })], /component must have 1 or more properties$/u],
    [[contents({ key: "a" })], /contents\/0 must have 2 or more properties$/u],
    [[contents({ key: "a", valueString: "1", valueNumber: 2 })], /contents\/0 must not have more than 2 properties$/u],
    [
      [contents({ key: "a", valueMap: [{ key: "b", valueMap: [{ key: "c", value: 1 }] }] })],
      /must not have the property "value"$/u,
    ],
    [[{ beginRendering: { surfaceId: "s" } }], /must have the property "root"$/u],
    [
      [{ beginRendering: { surfaceId: "s", root: "a", styles: { primaryColor: "red" } } }],
      /primaryColor must match pattern/u,
    ],
  ]);
  assert.equal(
    errorOf([
      contents({
        key: "list",
        valueMap: [{ key: "0", valueMap: [{ key: "n", valueMap: [{ key: "m", valueString: "x" }] }] }],
      }),
    ]),
    "",
  );
});

Deno.test("addresses: the web and pictures in the message, nothing that runs", () => {
  const image = (url: unknown) => [create, components({ id: "root", component: "Image", url })];
  const open = (url: unknown) => [
    create,
    components({
      id: "root",
      component: "Button",
      child: "t",
      action: { functionCall: { call: "openUrl", args: { url }, returnType: "void" } },
    }),
  ];
  const bad = [
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    " JaVaScRiPt:alert(1)",
    "data:text/html,<script>",
    "file:///etc/passwd",
    "blob:https://x/1",
    "vbscript:x",
  ];
  for (const url of bad) {
    assert.match(errorOf(image(url)), /components\/0\/url must be an http or https address, or a picture/u, url);
    assert.match(errorOf(open(url)), /args\/url must be an http or https address$/u, url);
    assert.match(
      errorOf([update({ id: "a", component: { Video: { url: { literalString: url } } } })]),
      /url\/literalString must be/u,
      url,
    );
    assert.match(
      errorOf([
        create,
        components({ id: "root", component: "Image", url: { path: "/p/u" } }),
        dataAt("/p", { u: url }),
      ]),
      /^Cannot apply message 3: leaves an address at \/p\/u of surface "s" that must be/u,
      url,
    );
    const v08 = [
      update({ id: "a", component: { Image: { url: { path: "/u" } } } }),
      contents({ key: "u", valueString: url }),
      { beginRendering: { surfaceId: "s", root: "a" } },
    ];
    assert.match(errorOf(v08), /leaves an address at \/u/u, url);
  }
  for (const url of ["https://example.org/a.png", "data:image/png;base64,AAAA", "../canvas/a.png", "photo.jpg"]) {
    assert.equal(errorOf(image(url)), "", url);
  }
  assert.match(errorOf(open("../x")), /args\/url must be an http/u);
  assert.equal(errorOf(open("https://example.org/")), "");
});

Deno.test("regular expressions that could freeze a page are refused, those of forms are not", () => {
  const field = (pattern: string) => [
    create,
    components({
      id: "root",
      component: "TextField",
      label: "x",
      value: "",
      checks: [{
        message: "m",
        condition: { call: "regex", args: { value: { path: "/x" }, pattern }, returnType: "boolean" },
      }],
    }),
  ];
  for (
    const pattern of [
      "(a+)+$",
      "(a*)*",
      "(a|a)*b",
      "([a-z]+)+",
      "((a)+)+",
      "(\\w+a)+",
      "(.*.*){9}",
      "x".repeat(257),
      "(",
    ]
  ) {
    assert.notEqual(errorOf(field(pattern)), "", pattern);
    assert.notEqual(
      errorOf([
        update({ id: "a", component: { TextField: { label: { literalString: "x" }, validationRegexp: pattern } } }),
      ]),
      "",
      pattern,
    );
  }
  for (
    const pattern of [
      "^[\\w.-]+@([\\w-]+\\.)+[\\w-]{2,}$",
      "^\\d{5}(-\\d{4})?$",
      "^\\+?[0-9 ()-]{7,20}$",
      "^(yes|no)$",
      "^[a-z]+(-[a-z]+)*$",
    ]
  ) {
    assert.equal(errorOf(field(pattern)), "", pattern);
  }
});

const deep = (levels: number): unknown => Array.from({ length: levels }).reduce((inner) => ({ a: inner }), 1);
const calls = (levels: number): unknown =>
  Array.from({ length: levels }).reduce(
    (value) => ({ call: "formatString", args: { value }, returnType: "string" }),
    "x",
  );
const surfaces = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ version, createSurface: { surfaceId: `s${at}`, catalogId: CATALOG } }));
const many = (count: number, from = 0) =>
  components(...Array.from({ length: count }, (_, at) => text(`t${from + at}`)));

Deno.test("bombs are refused, and quickly", () => {
  const started = performance.now();
  const parsed: unknown = JSON.parse(
    '{"version":"v0.9","updateDataModel":{"surfaceId":"s","value":{"__proto__":{"x":1}}}}',
  );
  refuses([
    [Array.from({ length: 501 }, () => create), /Cannot apply 501 messages: the limit is 500 a push/u],
    [
      [create, dataAt("/", "x".repeat(1 << 20))],
      /^Cannot apply message 2: it makes the push larger than 1048576 bytes/u,
    ],
    [[create, dataAt("/", deep(40))], /is nested deeper than 32 levels$/u],
    [[create, dataAt("/", deep(5_000))], /is nested deeper than 32 levels$/u],
    [[create, parsed], /must not have a property "__proto__"$/u],
    [
      [create, many(1000), many(1, 1000)],
      /^Cannot apply message 3: .* would give the surface 1001 components; the limit is 1000$/u,
    ],
    [surfaces(33), /^Cannot apply message 33: \/createSurface is one surface too many: a screen holds 32$/u],
    [[create, components({ id: "root", component: "Text", text: calls(9) })], /nests functions deeper than 8 levels$/u],
    [
      [create, dataAt("/list/1000000", 1)],
      /^Cannot apply message 2: \/updateDataModel\/path names place 1000000 of a list that has 0$/u,
    ],
    [[create, dataAt("/a", "text"), dataAt("/a/b/c", 1)], /leads through a value that is no object/u],
  ]);
  assert.ok(performance.now() - started < 2_000, "all of them within two seconds");
});

Deno.test("components may not form a circle, nest without end, or unfold into more than a page can carry", () => {
  const nested = Array.from({ length: 60 }, (_, at) => column(`c${at}`, [`c${at + 1}`]));
  const doubling = Array.from(
    { length: 30 },
    (_, at) => column(at === 0 ? "root" : `c${at}`, [`c${at + 1}`, `c${at + 1}`]),
  );
  const grid = { rows: Array.from({ length: 80 }, () => ({ cells: Array.from({ length: 80 }, () => 1) })) };
  const table = [
    column("root", { componentId: "row", path: "/rows" }),
    column("row", { componentId: "cell", path: "cells" }),
    { id: "cell", component: "Text", text: { path: "." } },
  ];
  const started = performance.now();
  refuses([
    [
      [create, components(column("root", ["a"]), column("a", ["b"]), column("b", ["a"]))],
      /it makes a circle in surface "s": "a" → "b" → "a"$/u,
    ],
    [[create, components(column("x", { componentId: "x", path: "/l" }))], /makes a circle .*"x" → "x"$/u],
    [
      [create, components(column("root", ["a"])), components({ id: "a", component: "Card", child: "root" })],
      /^Cannot apply message 3: it makes a circle/u,
    ],
    [[create, components(...nested)], /nests components deeper than 50 levels/u],
    [[create, components(...doubling)], /show more than 5000 components/u],
    [
      [create, components(...table), dataAt("/", grid)],
      /^Cannot apply message 3: .* show more than 5000 components once its lists are filled$/u,
    ],
    [
      [
        update({ id: "r", component: { List: { children: { template: { componentId: "t", dataBinding: "/l" } } } } }, {
          id: "t",
          component: { Divider: {} },
        }),
        contents({ key: "l", valueString: `[${"1,".repeat(6000)}1]` }),
        { beginRendering: { surfaceId: "s", root: "r" } },
      ],
      /show more than 5000 components/u,
    ],
    [
      [update({ id: "a", component: { Card: { child: "b" } } }, { id: "b", component: { Card: { child: "a" } } })],
      /makes a circle/u,
    ],
  ]);
  assert.ok(performance.now() - started < 2_000, "all of them within two seconds");
  assert.equal(errorOf([create, components(column("root", ["later"]))]), "", "a child may come later");
});

Deno.test("as much data as a push can carry is taken quickly", () => {
  const started = performance.now();
  const entries = Array.from({ length: 24_000 }, (_, at) => ({ key: `k${at}`, valueString: "v" }));
  assert.equal(errorOf([contents(...entries)]), "");
  const list = Array.from({ length: 400 }, (_, at) => dataAt(`/list/${at}`, at));
  assert.equal(errorOf([create, dataAt("/other", Array.from({ length: 100_000 }, () => 1)), ...list]), "");
  assert.ok(performance.now() - started < 3_000);
});

Deno.test("functions in functions cost no more than their number", () => {
  const text8 = { id: "root", component: "Text", text: calls(LIMITS.callDepth) };
  const started = performance.now();
  for (let round = 0; round < 50; round += 1) assert.equal(errorOf([create, components(text8)]), "");
  assert.ok(performance.now() - started < 1_000);
  const list = Array.from({ length: 300 }, (_, at) => ({ ...text8, id: `t${at}` }));
  assert.match(errorOf([create, components(...list)]), /one function call too many: the limit is 2000$/u);
});

Deno.test("all messages are taken or none", () => {
  const before = push(dialectOf, undefined, [create, components(text("root")), dataAt("/", { a: [1, 2] })]).board;
  const kept = JSON.stringify(compact(dialectOf, before));
  assert.notEqual(errorOf([dataAt("/a/0", 9), components(text("x")), components({ id: "y" })], before), "");
  assert.equal(JSON.stringify(compact(dialectOf, before)), kept);
});

Deno.test("what is kept is the newest of each component and the data as it is now, and it can be restored", () => {
  const { board } = push(dialectOf, undefined, [
    create,
    components(column("root", ["a", "b"]), text("a")),
    dataAt("/", { user: { name: "Ada" }, list: [1] }),
    components({ ...text("a"), text: "new" }, text("b")),
    dataAt("/user/name", "Grace"),
    dataAt("/list/1", 2),
    { version, updateDataModel: { surfaceId: "s", path: "/gone" } },
    { version, deleteSurface: { surfaceId: "never-there" } },
  ]);
  const messages = compact(dialectOf, board);
  assert.deepEqual(messages, [
    create,
    dataAt("/", { user: { name: "Grace" }, list: [1, 2] }),
    components(column("root", ["a", "b"]), { ...text("a"), text: "new" }, text("b")),
  ]);
  assert.deepEqual(compact(dialectOf, restore(dialectOf, "v0.9", messages)), messages);
  assert.equal(errorOf(messages), "", "a page that comes late gets messages that would be taken again");
});

Deno.test("v0.8: data at paths, keys with dots and JSON in texts are kept as a page understands them", () => {
  const { board } = push(dialectOf, undefined, [
    update({ id: "a", component: { Text: { text: { path: "/x" } } } }),
    contents({ key: "x", valueString: "one" }, { key: "deep.er", valueNumber: 2 }),
    { dataModelUpdate: { surfaceId: "s", path: "/list[0]", contents: [{ key: "n", valueString: "first" }] } },
    { dataModelUpdate: { surfaceId: "s", path: "/x", contents: [{ key: ".", valueString: "two" }] } },
    { dataModelUpdate: { surfaceId: "s", path: "/json", contents: [{ key: ".", valueString: "[1,2]" }] } },
    { beginRendering: { surfaceId: "s", root: "a", styles: { primaryColor: "#123456" } } },
  ]);
  const messages = compact(dialectOf, board);
  assert.deepEqual(
    messages[1],
    contents(
      { key: "x", valueString: "two" },
      { key: "deep", valueMap: [{ key: "er", valueNumber: 2 }] },
      { key: "list", valueMap: [{ key: "0", valueMap: [{ key: "n", valueString: "first" }] }] },
      { key: "json", valueString: "[1,2]" },
    ),
  );
  assert.deepEqual(compact(dialectOf, restore(dialectOf, "v0.8", messages)), messages);
  assert.equal(errorOf(messages), "");
  assert.match(
    errorOf(
      [{ dataModelUpdate: { surfaceId: "s", path: "/json/0", contents: [{ key: ".", valueNumber: 3 }] } }],
      board,
    ),
    /leads into "json", which is JSON in a text; send the whole value anew$/u,
  );
});

Deno.test("the last surface that goes frees the screen for the other version", () => {
  const { board } = push(dialectOf, undefined, [create]);
  const empty = push(dialectOf, board, [{ version, deleteSurface: { surfaceId: "s" } }]).board;
  assert.equal(errorOf([update({ id: "a", component: { Divider: {} } })], empty), "");
});
