/**
 * Markdown to DOM, for text that a model wrote and that is hostile by assumption. Elements come from an allow list,
 * text only ever becomes text nodes, the only attributes are those set here. Nothing is parsed as HTML.
 */
import * as smd from "streaming-markdown";
import { bareUrl, safeHref } from "./links.ts";

const TAGS: Readonly<Record<number, string>> = {
  [smd.BLOCKQUOTE]: "blockquote",
  [smd.PARAGRAPH]: "p",
  [smd.LINE_BREAK]: "br",
  [smd.RULE]: "hr",
  // The page has its own first two levels.
  [smd.HEADING_1]: "h3",
  [smd.HEADING_2]: "h4",
  [smd.HEADING_3]: "h5",
  [smd.HEADING_4]: "h6",
  [smd.HEADING_5]: "h6",
  [smd.HEADING_6]: "h6",
  [smd.ITALIC_AST]: "em",
  [smd.ITALIC_UND]: "em",
  [smd.STRONG_AST]: "strong",
  [smd.STRONG_UND]: "strong",
  [smd.STRIKE]: "s",
  [smd.CODE_INLINE]: "code",
  [smd.RAW_URL]: "a",
  [smd.LINK]: "a",
  // A picture from elsewhere is a beacon: it becomes a link that one may follow.
  [smd.IMAGE]: "a",
  [smd.LIST_UNORDERED]: "ul",
  [smd.LIST_ORDERED]: "ol",
  [smd.LIST_ITEM]: "li",
  [smd.TABLE_CELL]: "td",
  [smd.EQUATION_BLOCK]: "code",
  [smd.EQUATION_INLINE]: "code",
};

interface Open {
  readonly node: Element;
  readonly token: number;
}

export interface RenderLabels {
  readonly copy: string;
  readonly copied: string;
  readonly image: string;
}

interface Target {
  readonly doc: Document;
  readonly labels: RenderLabels;
  readonly root: Open;
  readonly stack: Open[];
}

const top = (target: Target): Open => target.stack.at(-1) ?? target.root;

function add(target: Target, token: number): void {
  if (token === smd.DOCUMENT) return;
  const parent = top(target);
  const node = make(target, parent, token);
  target.stack.push({ node, token });
}

function make(target: Target, parent: Open, token: number): Element {
  const { doc } = target;
  if (token === smd.CODE_BLOCK || token === smd.CODE_FENCE) return codeBlock(target, parent.node);
  if (token === smd.TABLE) return wrapped(doc, parent.node, "div", "table-wrap", "table");
  if (token === smd.TABLE_ROW) return row(doc, parent.node);
  if (token === smd.CHECKBOX) return checkbox(doc, parent.node);
  const inHead = token === smd.TABLE_CELL && parent.node.parentElement?.tagName === "THEAD";
  const insideLink = (token === smd.LINK || token === smd.IMAGE || token === smd.RAW_URL) &&
    target.stack.some((open) => open.node.tagName === "A");
  const node = doc.createElement(inHead ? "th" : insideLink ? "span" : TAGS[token] ?? "span");
  if (token === smd.IMAGE) node.append(doc.createTextNode(`${target.labels.image}: `));
  parent.node.append(node);
  return node;
}

function wrapped(doc: Document, parent: Element, outer: string, name: string, inner: string): Element {
  const box = doc.createElement(outer);
  box.className = name;
  const node = doc.createElement(inner);
  box.append(node);
  parent.append(box);
  return node;
}

function codeBlock(target: Target, parent: Element): Element {
  const { doc, labels } = target;
  const box = doc.createElement("div");
  box.className = "code";
  const button = doc.createElement("button");
  button.setAttribute("type", "button");
  button.className = "copy-code";
  button.append(doc.createTextNode(labels.copy));
  const pre = doc.createElement("pre");
  // A scrolling box must be reachable by keyboard.
  pre.setAttribute("tabindex", "0");
  const code = doc.createElement("code");
  pre.append(code);
  box.append(button, pre);
  parent.append(box);
  return code;
}

function row(doc: Document, table: Element): Element {
  const section = doc.createElement(table.children.length === 0 ? "thead" : "tbody");
  const parent = table.children[1] ?? section;
  if (parent === section) table.append(section);
  const node = doc.createElement("tr");
  parent.append(node);
  return node;
}

function checkbox(doc: Document, parent: Element): Element {
  const node = doc.createElement("span");
  node.className = "check";
  node.append(doc.createTextNode("☐"));
  parent.append(node);
  return node;
}

function attribute(target: Target, type: number, value: string): void {
  const { node, token } = top(target);
  if (type === smd.HREF || type === smd.SRC) return link(node, token === smd.RAW_URL ? bareUrl(value) : value);
  if (type === smd.START && /^\d{1,9}$/.test(value)) node.setAttribute("start", value);
  if (type === smd.CHECKED) node.replaceChildren(target.doc.createTextNode("☑"));
  if (type === smd.LANG) language(node, value);
}

function link(node: Element, value: string): void {
  const href = node.tagName === "A" ? safeHref(value) : undefined;
  if (href === undefined) return;
  node.setAttribute("href", href);
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer");
  node.setAttribute("title", href);
}

function language(code: Element, value: string): void {
  const name = value.trim().slice(0, 32);
  if (name) code.parentElement?.parentElement?.setAttribute("data-lang", name);
}

/** Appends Markdown to `root` as it arrives. `write` takes pieces cut anywhere, `end` the end of the text. */
export function markdownWriter(root: Element, labels: RenderLabels): { write(piece: string): void; end(): void } {
  const target: Target = { doc: root.ownerDocument, labels, root: { node: root, token: smd.DOCUMENT }, stack: [] };
  const parser = smd.parser({
    data: target,
    add_token: add,
    end_token: (data: Target) => void data.stack.pop(),
    add_text: (data: Target, text: string) => top(data).node.append(data.doc.createTextNode(text)),
    set_attr: attribute,
  });
  return { write: (piece) => smd.parser_write(parser, piece), end: () => smd.parser_end(parser) };
}
