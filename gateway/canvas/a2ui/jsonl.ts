/** JSONL as agents write it: one message a line. */
import { invalid } from "../../../schemas/error.ts";

/** Blank lines are ignored (canvas facts, section 4). Throws INVALID_REQUEST that names the line. */
export function parseJsonl(text: string): unknown[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      const message: unknown = JSON.parse(line);
      return [message];
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw invalid(
        `Cannot push: line ${index + 1} of jsonl is not JSON: ${reason.slice(0, 200)}; write one message a line`,
      );
    }
  });
}
