/**
 * Clips and documents of tools in a run that no chat of a channel waits for: they become files of the canvas, where WebChat
 * can show them. Pictures need no such place: they stand in the transcript.
 */
import type { Tool, ToolBox, ToolMedia, ToolOutput } from "../agent/types.ts";
import type { CanvasFiles } from "./types.ts";

const FOLDER = "received";

export function keepInCanvas(box: ToolBox, files: Pick<CanvasFiles, "write">): ToolBox {
  const wrap = (tool: Tool): Tool => ({
    ...tool,
    async run(args, context) {
      const output = await tool.run(args, context);
      return typeof output === "string" || context.toChat ? output : await keep(output, files);
    },
  });
  return { ...box, all: () => box.all().map(wrap), for: (run) => box.for(run).map(wrap) };
}

async function keep(output: ToolOutput, files: Pick<CanvasFiles, "write">): Promise<ToolOutput> {
  const { media = [], text, ...rest } = output;
  const lines: string[] = [];
  for (const item of media) if (item.kind !== "image") lines.push(await keepOne(item, files));
  return { ...rest, text: [text, ...lines].join("\n"), media: media.filter(({ kind }) => kind === "image") };
}

async function keepOne({ fileName, data }: ToolMedia, files: Pick<CanvasFiles, "write">): Promise<string> {
  try {
    const { path } = await files.write(`${FOLDER}/${fileName}`, data);
    return `Kept as the canvas file ${path}; canvas_present shows it to the person.`;
  } catch (error) {
    return `${fileName} could not be kept: ${error instanceof Error ? error.message : String(error)}`;
  }
}
