/** Draws a code to scan: as a picture for pages, as blocks for a terminal. */
import { NonEmpty, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";

/** The library has no types of its own; these are the two calls used here. */
const Library = Type.Object({ default: Type.Object({}) });
const isLibrary = checker(Library).is;
const isText = checker(NonEmpty).is;

/** A PNG as a data URL: every client can show it, also those that know no SVG. Throws when `text` is too long. */
export const qrDataUrl = (text: string): Promise<string> =>
  draw("toDataURL", text, { errorCorrectionLevel: "L", margin: 4, scale: 6 });

/** Half blocks, dark on light where the terminal has colours, so that every phone can read it. */
export const qrBlocks = (text: string, colour: boolean): Promise<string> =>
  draw("toString", text, {
    errorCorrectionLevel: "L",
    ...(colour ? { type: "terminal", small: true } : { type: "utf8" }),
  });

async function draw(call: "toDataURL" | "toString", text: string, options: Record<string, unknown>): Promise<string> {
  const library: unknown = await import("qrcode");
  const made: unknown = isLibrary(library) ? Reflect.get(library.default, call) : undefined;
  if (typeof made !== "function") throw new Error("Cannot draw a code: the library has changed");
  const drawn: unknown = await Reflect.apply(made, undefined, [text, options]);
  if (!isText(drawn)) throw new Error("Cannot draw a code: the library gave no text");
  return drawn;
}
