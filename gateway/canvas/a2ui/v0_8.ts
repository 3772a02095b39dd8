/** A2UI v0.8: surfaces begin by themselves, are drawn after `beginRendering`, and components wrap their properties. */
import { checkId, checkIds, withComponents } from "./components.ts";
import { type Child, type Dialect, type Surface, type Surfaces, textAt } from "./dialect.ts";
import { isObject, type JsonObject, LIMITS, Problem } from "./problem.ts";
import type { Spec } from "./spec.ts";
import { checkMedia } from "./urls.ts";
import { entriesFor, stepsOf, viewOf, withEntries } from "./v0_8_data.ts";

const CATALOG_ID = "https://a2ui.org/specification/v0_8/standard_catalog_definition.json";
const SAME_CATALOG = new Set([CATALOG_ID, "a2ui.org:standard_catalog_0_8_0"]);
const MEDIA = new Set(["Image", "Video", "AudioPlayer"]);

export function createV08(spec: Spec): Dialect {
  return {
    version: "v0.8",
    kinds: ["beginRendering", "surfaceUpdate", "dataModelUpdate", "deleteSurface"],
    check: (kind, message) => check(spec, kind, message),
    apply,
    compact,
    root: ({ start }) => textAt(start, "root"),
    children,
    boundMedia: (component) => {
      const { type, properties } = inside(component);
      const path = MEDIA.has(type) ? textAt(properties["url"], "path") : undefined;
      return path === undefined ? [] : [path];
    },
    resolve: (path, base) =>
      path.startsWith("/") ? stepsOf(path) : path === "." ? [...base] : [...base, ...stepsOf(path)],
    view: viewOf,
  };
}

/** The one type that a component wraps, and its properties. */
function inside(component: JsonObject): { readonly type: string; readonly properties: JsonObject } {
  const [first] = Object.entries(isObject(component["component"]) ? component["component"] : {});
  return { type: first?.[0] ?? "", properties: isObject(first?.[1]) ? first[1] : {} };
}

function check(spec: Spec, kind: string, message: JsonObject): JsonObject {
  spec.checkMessage(kind, message);
  const body = bodyOf(message, kind);
  checkId(`/${kind}/surfaceId`, body["surfaceId"]);
  const catalog = body["catalogId"];
  if (catalog !== undefined && !SAME_CATALOG.has(String(catalog))) {
    throw new Problem(`/${kind}/catalogId`, `must be "${CATALOG_ID}" or absent: no other catalog can be shown here`);
  }
  if (kind === "surfaceUpdate") checkComponents(spec, listOf(body["components"]));
  return message;
}

function checkComponents(spec: Spec, components: readonly JsonObject[]): void {
  const path = "/surfaceUpdate/components";
  checkIds(path, components);
  for (const [index, component] of components.entries()) {
    const { type, properties } = inside(component);
    const at = `${path}/${index}/component`;
    spec.checkComponent(
      type,
      isObject(component["component"]) ? component["component"][type] : undefined,
      `${at}/${type}`,
      at,
    );
    const url = textAt(properties["url"], "literalString");
    if (MEDIA.has(type) && url !== undefined) checkMedia(`${at}/${type}/url/literalString`, url);
  }
}

function apply(surfaces: Surfaces, kind: string, message: JsonObject): string {
  const body = bodyOf(message, kind);
  const id = String(body["surfaceId"]);
  if (kind === "deleteSurface") {
    surfaces.delete(id);
    return id;
  }
  const old = surfaces.get(id) ?? { id, start: undefined, components: new Map(), data: {} };
  if (!surfaces.has(id) && surfaces.size >= LIMITS.surfaces) {
    throw new Problem(`/${kind}/surfaceId`, `is one surface too many: a screen holds ${LIMITS.surfaces}`);
  }
  surfaces.set(id, changed(old, kind, body));
  return id;
}

function changed(surface: Surface, kind: string, body: JsonObject): Surface {
  if (kind === "beginRendering") return { ...surface, start: body };
  if (kind === "surfaceUpdate") {
    const added = listOf(body["components"]);
    return { ...surface, components: withComponents("/surfaceUpdate/components", surface.components, added) };
  }
  const data = isObject(surface.data) ? surface.data : {};
  const path = textAt(body, "path") ?? "";
  return { ...surface, data: withEntries(data, path, body["contents"], "/dataModelUpdate/contents") };
}

function compact({ id: surfaceId, start, components, data }: Surface): JsonObject[] {
  const entries = isObject(data) ? entriesFor(data) : [];
  return [
    ...(components.size === 0 ? [] : [{ surfaceUpdate: { surfaceId, components: [...components.values()] } }]),
    ...(entries.length === 0 ? [] : [{ dataModelUpdate: { surfaceId, contents: entries } }]),
    ...(start === undefined ? [] : [{ beginRendering: start }]),
  ];
}

function children(component: JsonObject): readonly Child[] {
  const { children: list, child, entryPointChild, contentChild, tabItems } = inside(component).properties;
  const explicit: unknown = isObject(list) ? list["explicitList"] : undefined;
  const ids: unknown[] = Array.isArray(explicit) ? explicit : [];
  const inTabs = Array.isArray(tabItems) ? tabItems.map((tab) => textAt(tab, "child")) : [];
  const found: Child[] = [...ids, child, entryPointChild, contentChild, ...inTabs]
    .flatMap((id) => typeof id === "string" ? [{ id }] : []);
  const template: unknown = isObject(list) ? list["template"] : undefined;
  const [id, each] = [textAt(template, "componentId"), textAt(template, "dataBinding")];
  return id === undefined || each === undefined ? found : [...found, { id, each }];
}

const bodyOf = (message: JsonObject, kind: string): JsonObject => {
  const body = message[kind];
  return isObject(body) ? body : {};
};

const listOf = (value: unknown): readonly JsonObject[] => Array.isArray(value) ? value.filter(isObject) : [];
