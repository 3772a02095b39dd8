/**
 * Draws what the page shows into a picture. A sandboxed page has no other way: nobody outside may look into it. Loaded by
 * the bridge when the first picture is asked for.
 */
import { toCanvas } from "html-to-image";
import { MAKER, type Picture, type Wish } from "./picture.ts";

/** Screens with more dots a pixel only make pictures larger. */
const MAX_RATIO = 2;
const MAX_PIXELS = 16_000_000;
/** Longer than a frame of a busy page takes. */
const FRAME_MS = 200;
/** Stands for a picture that cannot be read. */
const NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

async function snapshot({ format, maxWidth, quality }: Wish): Promise<Picture> {
  const { documentElement: root } = document;
  // The visible part, as native nodes give it.
  const [width, height] = [innerWidth || root.clientWidth, innerHeight || root.clientHeight];
  if (width < 1 || height < 1) throw new Error("the page is not visible, so there is nothing to draw");
  const canvas = await withFrames(() =>
    toCanvas(root, {
      width,
      height,
      pixelRatio: ratioFor(width, height, maxWidth),
      backgroundColor: background(),
      skipFonts: true,
      imagePlaceholder: NOTHING,
      onImageErrorHandler: () => undefined,
      filter: isDrawable,
      style: { transform: `translate(${-scrollX}px, ${-scrollY}px)`, transformOrigin: "0 0" },
    })
  );
  const [, base64 = ""] = canvas.toDataURL(`image/${format}`, quality).split(",");
  if (base64 === "") throw new Error("the browser could not make the picture");
  return { format, base64, width: canvas.width, height: canvas.height };
}

/**
 * The library waits for a frame of animation, and a browser gives none to a page that is scrolled out of sight or in a
 * tab behind: there a timer stands in for it, else no picture would ever come.
 */
async function withFrames<T>(work: () => Promise<T>): Promise<T> {
  const frames = globalThis.requestAnimationFrame;
  globalThis.requestAnimationFrame = (callback) => {
    const frame = frames((now) => {
      clearTimeout(timer);
      callback(now);
    });
    const timer = setTimeout(() => {
      cancelAnimationFrame(frame);
      callback(performance.now());
    }, FRAME_MS);
    return frame;
  };
  try {
    return await work();
  } finally {
    globalThis.requestAnimationFrame = frames;
  }
}

function ratioFor(width: number, height: number, maxWidth: number | undefined): number {
  const wanted = Math.min(devicePixelRatio || 1, MAX_RATIO, (maxWidth ?? Infinity) / width);
  return Math.min(wanted, Math.sqrt(MAX_PIXELS / (width * height)));
}

/** What shows through a page without a background of its own. JPEG would make it black. */
function background(): string {
  for (const element of [document.documentElement, document.body]) {
    const color = element === null ? "" : getComputedStyle(element).backgroundColor;
    if (color !== "" && color !== "transparent" && !/^rgba\(.*, 0\)$/u.test(color)) return color;
  }
  const probe = document.createElement("div");
  probe.style.color = "Canvas";
  document.documentElement.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** A drawing or film that holds somebody else's picture cannot be read, and would spoil the whole. */
function isDrawable(node: Node): boolean {
  if (node instanceof HTMLScriptElement || node instanceof HTMLLinkElement) return false;
  if (node instanceof HTMLCanvasElement) return canRead(node);
  if (node instanceof HTMLVideoElement && node.currentSrc !== "") {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    canvas.getContext("2d")?.drawImage(node, 0, 0, 1, 1);
    return canRead(canvas);
  }
  return true;
}

function canRead(canvas: HTMLCanvasElement): boolean {
  try {
    canvas.toDataURL();
    return true;
  } catch {
    return false;
  }
}

Reflect.set(globalThis, MAKER, snapshot);
