/** The tools for the files of the canvas: list, read, write, patch, delete, undo. */
import { Closed, Int0, NonEmpty, Type } from "../../schemas/primitives.ts";
import { defineTool } from "../agent/tool_define.ts";
import type { Tool } from "../agent/types.ts";
import type { CanvasToolDeps } from "./tool_deps.ts";
import type { CanvasEntry } from "./types.ts";

const MAX_LISTED = 300;
/** UTF-16 units of a file that one call shows. */
const PAGE = 20 << 10;
const MAX_CONTENT = 1 << 20;

const Path = Type.String({ minLength: 1, maxLength: 512 });
const kept = ({ path, bytes }: CanvasEntry): string => `Kept ${path}, ${bytes} bytes. An open page of it reloads.`;

export const fileTools = ({ files }: CanvasToolDeps): readonly Tool[] => [
  defineTool({
    name: "canvas_list",
    readOnly: true,
    description: "The files of the canvas: web pages that you write and the person sees.",
    args: Closed({ folder: Type.Optional(Path) }),
    async run({ folder }) {
      const entries = await files.list(folder);
      if (entries.length === 0) return "No files.";
      const lines = entries.slice(0, MAX_LISTED).map(({ path, bytes, modifiedAtMs }) =>
        `${path} ${bytes} bytes ${new Date(modifiedAtMs).toISOString()}`
      );
      return [...lines, ...(entries.length > MAX_LISTED ? [`and ${entries.length - MAX_LISTED} more`] : [])].join("\n");
    },
  }),
  defineTool({
    name: "canvas_read",
    readOnly: true,
    description: "Text of a canvas file; a long one in parts.",
    args: Closed({ path: Path, offset: Type.Optional({ ...Int0, description: "Character to begin at" }) }),
    async run({ path, offset = 0 }) {
      const text = await files.read(path);
      const part = text.slice(offset, offset + PAGE).toWellFormed();
      const end = offset + part.length;
      return end < text.length ? `${part}\n[${text.length - end} more characters: read on with offset ${end}]` : part;
    },
  }),
  defineTool({
    name: "canvas_write",
    description:
      "Writes a whole text file of the canvas, such as index.html. Scripts and styles may be inline or files " +
      "beside it. OpenClaw.sendUserAction({name, context}) in a page sends a click to you.",
    args: Closed({ path: Path, content: Type.String({ maxLength: MAX_CONTENT }) }),
    run: async ({ path, content }) => kept(await files.write(path, content)),
  }),
  defineTool({
    name: "canvas_patch",
    description: "Replaces `find`, which must stand in the file exactly once, by `replace`.",
    args: Closed({ path: Path, find: NonEmpty, replace: Type.String({ maxLength: MAX_CONTENT }) }),
    run: async ({ path, find, replace }) => kept(await files.patch(path, find, replace)),
  }),
  defineTool({
    name: "canvas_delete",
    description: "Deletes a canvas file; canvas_undo brings it back.",
    args: Closed({ path: Path }),
    async run({ path }) {
      await files.remove(path);
      return `Deleted ${path}.`;
    },
  }),
  defineTool({
    name: "canvas_undo",
    description: "Takes back the last change of a canvas file, or of any file.",
    args: Closed({ path: Type.Optional(Path) }),
    async run({ path }) {
      const undone = await files.undo(path);
      return undone ? `Took back the last ${undone.change} of ${undone.path}.` : "There is nothing to take back.";
    },
  }),
];
