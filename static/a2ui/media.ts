/** Pictures, videos and sounds. What lies elsewhere is a beacon: it is offered as a link, never fetched by itself. */
import { html, type TemplateResult } from "lit";
import { outline, PICTURE, SOUND, VIDEO } from "./icons.ts";

const FITS = new Set(["contain", "cover", "fill", "none", "scale-down", "scaleDown"]);
const HINTS = new Set(["icon", "avatar", "smallFeature", "mediumFeature", "largeFeature", "header"]);

export interface Picture {
  readonly url: unknown;
  readonly description: unknown;
  readonly fit: unknown;
  readonly hint: unknown;
}

const text = (value: unknown): string => typeof value === "string" ? value : "";

/** A picture that is in the message or lies beside this page is shown; any other is a link. */
export function picture({ url, description, fit, hint }: Picture, openUrl: (url: string) => void): TemplateResult {
  const src = ownAddress(text(url));
  if (src === undefined) return link(text(url), text(description) || "Picture", PICTURE, openUrl);
  const names = [
    "oc-image",
    ...(HINTS.has(text(hint)) ? [text(hint)] : []),
    ...(FITS.has(text(fit)) ? [`fit-${text(fit)}`] : []),
  ];
  return html`<img class=${names.join(" ")} src=${src} alt=${text(description)} />`;
}

export const video = (url: unknown, openUrl: (url: string) => void): TemplateResult =>
  link(text(url), "Video", VIDEO, openUrl);

export const sound = (url: unknown, description: unknown, openUrl: (url: string) => void): TemplateResult =>
  link(text(url), text(description) || "Sound", SOUND, openUrl);

/** `data:image/…`, or a file below the same host and capability as this page. */
function ownAddress(url: string): string | undefined {
  if (/^data:image\//iu.test(url.trim())) return url.trim();
  if (url === "" || !URL.canParse(url, location.href)) return undefined;
  const target = new URL(url, location.href);
  // The page's address is <surface>/__openclaw__/a2ui/…; what may be read begins with <surface>/__openclaw__/.
  const below = new URL("../", location.href).href;
  return target.href.startsWith(below) ? target.href : undefined;
}

function link(url: string, title: string, shape: string, openUrl: (url: string) => void): TemplateResult {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  const isWeb = target?.protocol === "https:" || target?.protocol === "http:";
  if (!target || !isWeb) {
    return html`<button type="button" class="oc-media" disabled>${outline(shape)} <span>${title}</span></button>`;
  }
  return html`<button type="button" class="oc-media" title=${target.href} @click=${() => openUrl(target.href)}>
    ${outline(shape)} <span>${title} <small>${target.host}</small></span>
  </button>`;
}
