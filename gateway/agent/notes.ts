/** Sentences at the end of an answer that say what of the request the model did not see. */
import type { Run } from "./run.ts";

/** `model`: the id that the sentence names. */
export function notesFor(runs: readonly Run[], vision: boolean, model: string): string[] {
  const requests = runs.map(({ facts }) => facts.request);
  const leftOut = requests.flatMap((request) => request.leftOut);
  const images = requests.reduce((sum, request) => sum + request.images.length, 0);
  return [
    ...(images > 0 && !vision ? [`(The model ${model} cannot see images, so the attached images were not used.)`] : []),
    ...(leftOut.length > 0 ? [`(Left out, because only images can be attached: ${leftOut.join(", ")}.)`] : []),
  ];
}

/** What follows the text of the last message; empty without notes. */
export const noteSuffix = (notes: readonly string[], text: string): string =>
  notes.length === 0 ? "" : (text === "" ? "" : "\n\n") + notes.join("\n");
