/** Which node a command means: by id, by the beginning of an id, or by display name. */
import { read } from "./payloads.ts";
import { CliError } from "./exit.ts";
import type { Session } from "./connect.ts";
import { type NodeRow, NodeRows } from "./nodes_payloads.ts";
import { oneLine } from "./output.ts";

/** Characters of an id that the tables show. */
export const SHORT_ID = 12;

export const nodesOf = async (session: Session): Promise<readonly NodeRow[]> =>
  read("node.list", NodeRows, await session.call("node.list", {})).nodes;

export const nodeName = (node: Pick<NodeRow, "nodeId" | "displayName">): string =>
  node.displayName === undefined ? node.nodeId.slice(0, SHORT_ID) : oneLine(node.displayName, 40);

/** The node that `wanted` names; without a name the only one that is connected. Throws a CliError with the choices. */
export async function pickNode(session: Session, wanted: string | undefined): Promise<NodeRow> {
  return wanted === undefined ? onlyConnected(await nodesOf(session)) : named(await nodesOf(session), wanted);
}

/** The one of `nodes` that `wanted` names: the whole id, then a display name, then the beginning of an id. */
export function named(nodes: readonly NodeRow[], wanted: string): NodeRow {
  const text = wanted.trim().toLowerCase();
  const ways: ((node: NodeRow) => boolean)[] = [
    ({ nodeId }) => nodeId.toLowerCase() === text,
    ({ displayName }) => displayName?.trim().toLowerCase() === text,
    ({ nodeId }) => text !== "" && nodeId.toLowerCase().startsWith(text),
  ];
  for (const way of ways) {
    const fits = nodes.filter(way);
    // A phone that was paired anew leaves its old self behind under the same name.
    const here = fits.filter(({ connected }) => connected === true);
    const [found, another] = here.length > 0 ? here : fits;
    if (found !== undefined && another === undefined) return found;
    if (found !== undefined) throw choice(`Cannot choose the node "${oneLine(wanted)}": several fit`, fits);
  }
  throw choice(`No node is called "${oneLine(wanted)}"`, nodes);
}

function onlyConnected(nodes: readonly NodeRow[]): NodeRow {
  const [only, another] = nodes.filter(({ connected }) => connected === true);
  if (only === undefined) {
    throw new CliError("temporary", "No node is connected", [
      "Start one: openclaw node run, or open a browser on a phone with: openclaw nodes qr",
      ...(nodes.length > 0 ? ["Those that are known: openclaw nodes list"] : []),
    ]);
  }
  if (another === undefined) return only;
  throw choice("Cannot choose a node: several are connected", nodes.filter(({ connected }) => connected === true));
}

function choice(sentence: string, nodes: readonly Pick<NodeRow, "nodeId" | "displayName">[]): CliError {
  const lines = nodes.slice(0, 20).map((node) => `${node.nodeId.slice(0, SHORT_ID)}  ${nodeName(node)}`);
  return new CliError("usage", sentence, lines.length === 0 ? ["There are none yet"] : ["Choose one of:", ...lines]);
}
