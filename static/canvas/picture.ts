/** canvas.snapshot: loads the picture maker when it is asked for the first time, since few pages ever are. */

export interface Wish {
  readonly format: "png" | "jpeg";
  readonly maxWidth: number | undefined;
  /** 0 to 1, for JPEG. */
  readonly quality: number;
}

export interface Picture {
  readonly format: "png" | "jpeg";
  readonly base64: string;
  readonly width: number;
  readonly height: number;
}

/** Where `snapshot.ts` leaves its function. */
export const MAKER = "__openclawSnapshot";
const DEFAULT_QUALITY = 0.9;

/** `base`: the address of the bridge; `snapshot.js` lies beside it. */
export async function takeSnapshot(base: string, message: Readonly<Record<string, unknown>>): Promise<Picture> {
  const { format, maxWidth, quality } = message;
  const make = await maker(base);
  return await make({
    format: format === "jpeg" || format === "jpg" ? "jpeg" : "png",
    maxWidth: typeof maxWidth === "number" && maxWidth >= 1 ? Math.floor(maxWidth) : undefined,
    quality: typeof quality === "number" && quality >= 0 && quality <= 1 ? quality : DEFAULT_QUALITY,
  });
}

async function maker(base: string): Promise<(wish: Wish) => Promise<Picture>> {
  if (found() === undefined) await load(new URL("snapshot.js", base).href);
  const make = found();
  if (make === undefined) throw new Error("the picture maker did not load");
  return make;
}

function found(): ((wish: Wish) => Promise<Picture>) | undefined {
  const value: unknown = Reflect.get(globalThis, MAKER);
  return typeof value === "function" ? (wish) => value(wish) : undefined;
}

function load(src: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    script.onload = () => resolve();
    script.onerror = () => reject(new Error("the picture maker did not load"));
    document.head.append(script);
    script.remove();
  });
}
