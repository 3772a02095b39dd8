/** A2UI v0.9 (and v0.9.1, which differs only in what it is called): surfaces are created, components are flat. */
import { checkId, checkIds, withComponents } from "./components.ts";
import { pointerSteps, withValueAt } from "./data.ts";
import { type Child, type Dialect, type Surface, type Surfaces, textAt } from "./dialect.ts";
import { checkSteps, isObject, type JsonObject, LIMITS, Problem } from "./problem.ts";
import type { Spec } from "./spec.ts";
import { checkMedia } from "./urls.ts";

export const CATALOG_ID = "https://a2ui.org/specification/v0_9/catalogs/basic/catalog.json";
/** Names that the basic catalog has had; `minimal` is a part of it. */
const SAME_CATALOG =
  /^https:\/\/a2ui\.org\/specification\/v0_9(_\d+)?\/(catalogs\/)?(basic|minimal)[/_]catalog\.json$/u;
const MEDIA = new Set(["Image", "Video", "AudioPlayer"]);

export function createV09(spec: Spec): Dialect {
  return {
    version: "v0.9",
    kinds: ["createSurface", "updateComponents", "updateDataModel", "deleteSurface"],
    check: (kind, message) => check(spec, kind, message),
    apply,
    compact,
    root: ({ components }) => components.has("root") ? "root" : undefined,
    children,
    boundMedia: (component) => {
      const path = MEDIA.has(String(component["component"])) ? textAt(component["url"], "path") : undefined;
      return path === undefined ? [] : [path];
    },
    resolve: (path, base) =>
      path === "" || path === "."
        ? [...base]
        : path.startsWith("/")
        ? pointerSteps(path)
        : [...base, ...pointerSteps(path)],
    view: (data) => data,
  };
}

function check(spec: Spec, kind: string, original: JsonObject): JsonObject {
  const message = { ...original, version: "v0.9" };
  spec.checkMessage(kind, message);
  const body = bodyOf(message, kind);
  checkId(`/${kind}/surfaceId`, body["surfaceId"]);
  if (kind === "createSurface") return { ...message, createSurface: checkSurface(body) };
  if (kind === "updateComponents") checkComponents(spec, listOf(body["components"]));
  return message;
}

function checkSurface(body: JsonObject): JsonObject {
  if (!SAME_CATALOG.test(String(body["catalogId"]))) {
    throw new Problem("/createSurface/catalogId", `must be "${CATALOG_ID}": no other catalog can be shown here`);
  }
  const icon = textAt(body["theme"], "iconUrl");
  if (icon !== undefined) checkMedia("/createSurface/theme/iconUrl", icon);
  return { ...body, catalogId: CATALOG_ID };
}

function checkComponents(spec: Spec, components: readonly JsonObject[]): void {
  const path = "/updateComponents/components";
  checkIds(path, components);
  for (const [index, component] of components.entries()) {
    const at = `${path}/${index}`;
    const type = component["component"];
    spec.checkComponent(type, component, at, `${at}/component`);
    const url = component["url"];
    if (MEDIA.has(String(type)) && typeof url === "string") checkMedia(`${at}/url`, url);
  }
}

function apply(surfaces: Surfaces, kind: string, message: JsonObject): string {
  const body = bodyOf(message, kind);
  const id = String(body["surfaceId"]);
  const old = surfaces.get(id);
  if (kind === "deleteSurface") {
    surfaces.delete(id);
    return id;
  }
  if (kind === "createSurface") {
    if (old) {
      throw new Problem(
        "/createSurface/surfaceId",
        `is "${id}", which exists; update it, or delete it first by deleteSurface`,
      );
    }
    if (surfaces.size >= LIMITS.surfaces) {
      throw new Problem("/createSurface", `is one surface too many: a screen holds ${LIMITS.surfaces}`);
    }
    surfaces.set(id, { id, start: body, components: new Map(), data: {} });
    return id;
  }
  if (!old) {
    throw new Problem(`/${kind}/surfaceId`, `is "${id}", which does not exist; create it first by createSurface`);
  }
  surfaces.set(id, kind === "updateComponents" ? updated(old, body) : withData(old, body));
  return id;
}

function updated(surface: Surface, body: JsonObject): Surface {
  const added = listOf(body["components"]);
  return { ...surface, components: withComponents("/updateComponents/components", surface.components, added) };
}

function withData(surface: Surface, body: JsonObject): Surface {
  const steps = pointerSteps(textAt(body, "path") ?? "");
  checkSteps("/updateDataModel/path", steps);
  return { ...surface, data: withValueAt(surface.data, steps, body["value"], "/updateDataModel/path") };
}

function compact({ id: surfaceId, start, components, data }: Surface): JsonObject[] {
  const version = "v0.9";
  return [
    { version, createSurface: start ?? { surfaceId, catalogId: CATALOG_ID } },
    // Data before components: what is bound to it need not be drawn twice.
    ...(data === undefined ? [] : [{ version, updateDataModel: { surfaceId, path: "/", value: data } }]),
    ...(components.size === 0
      ? []
      : [{ version, updateComponents: { surfaceId, components: [...components.values()] } }]),
  ];
}

function children(component: JsonObject): readonly Child[] {
  const { children: list, child, trigger, content, tabs } = component;
  const ids: unknown[] = Array.isArray(list) ? list : [];
  const inTabs = Array.isArray(tabs) ? tabs.map((tab) => textAt(tab, "child")) : [];
  const found: Child[] = [...ids, child, trigger, content, ...inTabs].flatMap((id) =>
    typeof id === "string" ? [{ id }] : []
  );
  const [template, path] = [textAt(list, "componentId"), textAt(list, "path")];
  return template === undefined || path === undefined ? found : [...found, { id: template, each: path }];
}

const bodyOf = (message: JsonObject, kind: string): JsonObject => {
  const body = message[kind];
  return isObject(body) ? body : {};
};

const listOf = (value: unknown): readonly JsonObject[] => Array.isArray(value) ? value.filter(isObject) : [];
