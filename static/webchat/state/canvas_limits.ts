/** How much the page takes of a canvas. */

/** The renderers that the canvas host has. */
export const A2UI_PAGES = ["v0.8", "v0.9"] as const;
/** JSON text of an action's context. */
export const MAX_ACTION_CHARS = 16_384;
/** Messages of one frame: so many at once, and so many more a second. */
export const FRAME_BURST = 40;
export const FRAME_PER_SECOND = 10;
/** Questions of one frame whether an address may be opened. */
export const ASK_BURST = 3;
export const ASK_PER_SECOND = 0.1;
/** A page that holds the bridge says `ready` right after it has loaded; an error page never does. */
export const READY_MS = 2_500;
/** How long a page may load at all. */
export const LOAD_MS = 20_000;
/** Messages of surfaces that are kept before the compact state is read anew. */
export const MAX_SURFACE_MESSAGES = 2_000;
/** Actions that the page remembers. */
export const MAX_ACTIONS = 20;
/** After this an action whose end was never heard of no longer counts as running. */
export const ACTION_MS = 10 * 60_000;
