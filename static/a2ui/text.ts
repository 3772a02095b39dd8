/** Texts of surfaces: headings, captions, and Markdown by the same careful writer as in WebChat. */
import { markdownWriter } from "../markdown/render.ts";

const HEADINGS = new Set(["h1", "h2", "h3", "h4", "h5"]);
const LABELS = { copy: "", copied: "", image: "Picture" };
/** Beyond it a text is cut: nobody reads it, and laying it out takes seconds. */
const MAX_CHARS = 100_000;

/** A fresh element. Text only ever becomes text nodes. */
export function textElement(value: unknown, hint: unknown): HTMLElement {
  const text = (typeof value === "string" ? value : value === undefined || value === null ? "" : String(value))
    .slice(0, MAX_CHARS);
  const variant = typeof hint === "string" ? hint : "body";
  const box = document.createElement("div");
  box.className = variant === "caption" ? "oc-text caption" : "oc-text";
  if (HEADINGS.has(variant)) {
    const heading = document.createElement(variant);
    heading.textContent = text;
    box.append(heading);
    return box;
  }
  const writer = markdownWriter(box, LABELS);
  writer.write(text);
  writer.end();
  return box;
}
