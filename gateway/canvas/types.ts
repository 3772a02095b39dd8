/** The canvas as the rest of the gateway uses it: files, the addresses they are reached by, and what each screen shows. */
import type { A2uiVersion, CanvasChange, PresentedPage } from "../../schemas/event/canvas.ts";
import type { CanvasState } from "../../schemas/method/canvas.ts";

export interface CanvasEntry {
  /** Below the root, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly modifiedAtMs: number;
}

/**
 * Files below the canvas root, for the agent. Paths are relative with `/`; throws INVALID_REQUEST with a sentence for what
 * is outside, a link, a dot file, too large or too many. Every change keeps what was there before (`undo`).
 */
export interface CanvasFiles {
  readonly root: string;
  list(folder?: string): Promise<readonly CanvasEntry[]>;
  /** Text of at most `maxBytes` (default 256 KiB); throws for a file that is no text. */
  read(path: string, maxBytes?: number): Promise<string>;
  write(path: string, content: string | Uint8Array<ArrayBuffer>): Promise<CanvasEntry>;
  /** Replaces `find`, which must be there exactly once. */
  patch(path: string, find: string, replace: string): Promise<CanvasEntry>;
  remove(path: string): Promise<void>;
  /** Takes back the last change of the file, or of any file; returns what was undone, undefined when there is nothing. */
  undo(path?: string): Promise<{ readonly path: string; readonly change: "write" | "patch" | "remove" } | undefined>;
}

/** Addresses of the canvas host that work for a while, without any other credential. */
export interface CanvasSurfaces {
  /**
   * `http(s)://host:port/__openclaw__/cap/<token>` for a client that called the gateway as `host` (its Host header);
   * undefined when the canvas host is off. A client keeps one token; asking again prolongs it.
   */
  urlFor(client: { readonly connId: string; readonly host: string | undefined; readonly secure: boolean }): {
    readonly url: string;
    readonly expiresAtMs: number;
  } | undefined;
  /** The client is gone: its token ends soon. */
  release(connId: string): void;
}

/** A screen: beside a chat (a canonical session key), or that of a node. */
export type Screen = { readonly sessionKey: string } | { readonly nodeId: string };

/** What each screen shows, kept over restarts. */
export interface Screens {
  get(screen: Screen): CanvasState;
  present(screen: Screen, page: PresentedPage): CanvasState;
  hide(screen: Screen): CanvasState;
  /**
   * Checks the messages against their specification (size, depth, count, catalog), applies all or none, and presents the
   * surfaces. Throws INVALID_REQUEST with path and sentence, so that an agent can repair it. `dryRun` only checks.
   */
  push(
    screen: Screen,
    messages: readonly unknown[],
    dryRun?: boolean,
  ): { readonly version: A2uiVersion; readonly surfaces: readonly string[]; readonly state: CanvasState };
  reset(screen: Screen): CanvasState;
  /** Notes the chat (canonical key) whose agent shows something on a node; undefined: nobody's. */
  shownFor(nodeId: string, sessionKey: string | undefined): void;
  /** Takes one of the actions that people may do in a session: one a second, five at once. False: too many. */
  takeAction(sessionKey: string): boolean;
  /** Called after each change that was kept. */
  onChange(listener: (screen: Screen, change: CanvasChange, state: CanvasState) => void): void;
}
