/** A refusal that a node command answers with: the code and the sentence go to the gateway as they are. */
import { GatewayError } from "../../../schemas/error.ts";

export class NodeError extends Error {
  constructor(readonly code: "INVALID_REQUEST" | "UNAVAILABLE", message: string) {
    super(message);
    this.name = "NodeError";
  }
}

export const invalid = (message: string): NodeError => new NodeError("INVALID_REQUEST", message);
export const unavailable = (message: string): NodeError => new NodeError("UNAVAILABLE", message);

/** What of any error goes to the gateway: never a stack, and one line. */
export function nodeError(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof NodeError || error instanceof GatewayError) return { code: error.code, message: error.message };
  const text = error instanceof Error ? error.message : String(error);
  return { code: "UNAVAILABLE", message: (text.split("\n")[0] ?? "").slice(0, 500) || "the command failed" };
}
