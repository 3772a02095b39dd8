/**
 * Makes messages of v0.8 safe for the package's processor: it takes any text that equals a component's id for a child,
 * so that a label "send" would become the button "send". Ids get a mark that no text has.
 */

type Fields = Record<string, unknown>;
export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const MARK = "\u0001";
const marked = (id: unknown): unknown => typeof id === "string" ? MARK + id : id;
/** The id as the agent knows it; copies that a list made lose the number that the processor gave them. */
export const plainId = (id: string): string => id.startsWith(MARK) ? id.slice(1).replace(/(:\d+)+$/u, "") : id;

/** What the standard catalog has; anything else is shown as unknown, by its name. */
const KNOWN = new Set([
  ..."Text Image Icon Video AudioPlayer Row Column List Card Tabs Divider Modal".split(" "),
  ..."Button CheckBox TextField DateTimeInput MultipleChoice Slider".split(" "),
]);

export const KINDS = ["beginRendering", "surfaceUpdate", "dataModelUpdate", "deleteSurface"] as const;
export type Kind = typeof KINDS[number];

export interface Prepared {
  readonly kind: Kind;
  readonly surfaceId: string;
  readonly body: Fields;
}

/** Throws an Error for what is no message of v0.8. */
export function prepare(message: unknown): Prepared {
  if (!isFields(message)) throw new Error("Cannot show a message that is no object");
  const [kind, ...more] = KINDS.filter((name) => name in message);
  if (kind === undefined || more.length > 0) {
    throw new Error(`Cannot show a message without exactly one of ${KINDS.join(", ")}; this page shows A2UI v0.8`);
  }
  const body = message[kind];
  const surfaceId = isFields(body) ? body["surfaceId"] : undefined;
  if (!isFields(body) || typeof surfaceId !== "string") throw new Error(`Cannot show ${kind} without a surfaceId`);
  return { kind, surfaceId, body: withMarks(kind, body) };
}

function withMarks(kind: Kind, body: Fields): Fields {
  if (kind === "beginRendering") return { ...body, root: marked(body["root"]) };
  if (kind !== "surfaceUpdate" || !Array.isArray(body["components"])) return body;
  return { ...body, components: body["components"].filter(isFields).map(component) };
}

function component(item: Fields): Fields {
  const wrapped = isFields(item["component"]) ? item["component"] : {};
  const types = Object.entries(wrapped).map(([type, properties]) =>
    KNOWN.has(type) ? [type, isFields(properties) ? refs(properties) : {}] : ["Unknown", { type }]
  );
  return { ...item, id: marked(item["id"]), component: Object.fromEntries(types) };
}

function refs(properties: Fields): Fields {
  const { children, tabItems } = properties;
  const copy: Fields = { ...properties };
  for (const name of ["child", "entryPointChild", "contentChild"]) {
    if (name in copy) copy[name] = marked(copy[name]);
  }
  if (isFields(children)) copy["children"] = childList(children);
  if (Array.isArray(tabItems)) {
    copy["tabItems"] = tabItems.filter(isFields).map((tab) => ({ ...tab, child: marked(tab["child"]) }));
  }
  return copy;
}

function childList({ explicitList, template }: Fields): Fields {
  return {
    ...(Array.isArray(explicitList) ? { explicitList: explicitList.map(marked) } : {}),
    ...(isFields(template) ? { template: { ...template, componentId: marked(template["componentId"]) } } : {}),
  };
}
