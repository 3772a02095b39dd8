/** A node by what a person types: its id, the beginning of it, or its name. */
import { invalid } from "../../schemas/error.ts";
import type { NodeView } from "../../schemas/method/nodes.ts";

const MAX_NAMES = 10;
/** Shorter beginnings of an id are more likely part of a name. */
const MIN_PREFIX = 4;

/** Throws INVALID_REQUEST when none or more than one fits, with the names to choose from. */
export function findNode(nodes: readonly NodeView[], query: string): NodeView {
  const text = query.trim();
  const exact = nodes.find(({ nodeId }) => nodeId === text);
  if (exact) return exact;
  const lower = text.toLowerCase();
  const named = nodes.filter(({ displayName }) => displayName?.toLowerCase() === lower);
  const fits = named.length > 0 || lower.length < MIN_PREFIX
    ? named
    : nodes.filter(({ nodeId }) => nodeId.toLowerCase().startsWith(lower));
  // A phone that was paired anew leaves its old self behind under the same name.
  const connected = fits.filter((node) => node.connected);
  const [first, ...others] = connected.length > 0 ? connected : fits;
  if (first && others.length === 0) return first;
  const choice = names(first ? [first, ...others] : nodes);
  throw invalid(
    first
      ? `Cannot choose a node for "${text}": ${choice}`
      : `Cannot find node "${text}": ${choice || "there is none"}`,
  );
}

const names = (nodes: readonly NodeView[]): string =>
  nodes.slice(0, MAX_NAMES)
    .map(({ nodeId, displayName }) => `${displayName ?? "unnamed"} (${nodeId.slice(0, 12)})`).join(", ") +
  (nodes.length > MAX_NAMES ? ` and ${nodes.length - MAX_NAMES} more` : "");
