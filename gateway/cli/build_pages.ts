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
  /** Files of packages that the page needs as they are: path below node_modules → name. */
  readonly copies?: Readonly<Record<string, string>>;
}

export const WEB_PAGES: readonly WebPage[] = [
  { name: "webchat", entries: [{ from: "main.tsx", to: "app.js", format: "esm" }] },
  { name: "node", entries: [{ from: "main.tsx", to: "app.js", format: "esm" }] },
  // One file per version: their elements share tag names, so one page can hold only one of them.
  {
    name: "a2ui",
    entries: [
      { from: "v0_8.ts", to: "v0_8.js", format: "iife" },
      { from: "v0_9.ts", to: "v0_9.js", format: "iife" },
    ],
  },
  // No page: what the gateway checks A2UI messages by, out of the package that the renderers come from.
  {
    name: "a2ui_schemas",
    entries: [],
    copies: {
      "@a2ui/web_core/src/v0_8/schemas/server_to_client_with_standard_catalog.json": "v0_8_messages.json",
      "@a2ui/web_core/src/v0_9/schemas/server_to_client.json": "v0_9_messages.json",
      "@a2ui/web_core/src/v0_9/schemas/common_types.json": "v0_9_common_types.json",
      "@a2ui/web_core/src/v0_9/schemas/catalogs/basic/catalog.json": "v0_9_catalog.json",
    },
  },
  {
    name: "canvas",
    entries: [
      { from: "bridge.ts", to: "bridge.js", format: "iife" },
      { from: "snapshot.ts", to: "snapshot.js", format: "iife" },
    ],
  },
];
