/** The web parts that `deno task bundle` makes: where each begins and what comes out. */

export interface PageEntry {
  /** Name of the source file inside the page's folder. */
  readonly from: string;
  readonly to: string;
  /** `iife` for classic scripts: those that are put into pages which other people wrote. */
  readonly format: "esm" | "iife";
}

export interface WebPage {
  /** Its folder below static/, and below static/dist. */
  readonly name: string;
  readonly entries: readonly PageEntry[];
}

export const WEB_PAGES: readonly WebPage[] = [
  { name: "webchat", entries: [{ from: "main.tsx", to: "app.js", format: "esm" }] },
  { name: "node", entries: [{ from: "main.tsx", to: "app.js", format: "esm" }] },
  // One file per version: their elements share tag names, so one page can hold only one of them.
  {
    name: "a2ui",
    entries: [
      { from: "v0_8.ts", to: "v0_8.js", format: "esm" },
      { from: "v0_9.ts", to: "v0_9.js", format: "esm" },
    ],
  },
  {
    name: "canvas",
    entries: [
      { from: "bridge.ts", to: "bridge.js", format: "iife" },
      { from: "snapshot.ts", to: "snapshot.js", format: "iife" },
    ],
  },
];
