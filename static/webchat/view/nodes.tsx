/** The panel of nodes: those that wait for approval, those that there are, and the ways to add one. */
import { useEffect, useState } from "preact/hooks";
import type { State } from "../state/model.ts";
import { FailureLine } from "./channel_parts.tsx";
import { useUi } from "./context.ts";
import { Dialog, DialogHead } from "./dialog.tsx";
import { Icon } from "./icons.tsx";
import { NodeCard } from "./node_card.tsx";
import { AddPhone } from "./node_link.tsx";
import { NodeRequestCard } from "./node_request.tsx";

export function Nodes({ state, onClose }: { state: State; onClose(): void }) {
  const { t, chat } = useUi();
  const { nodes, requests, loaded, failures, link } = state.nodes;
  const [said, setSaid] = useState("");
  // One that waits is there once, with what it offers.
  const others = nodes.filter((one) => !requests.some(({ nodeId }) => nodeId === one.nodeId));
  useEffect(() => chat.nodes.refresh(), []);
  useEffect(() => {
    // The button that was pressed may be gone with its item; the keyboard must not be left outside the panel.
    if (document.activeElement === document.body) document.querySelector<HTMLElement>(".nodes .ghost")?.focus();
  }, [requests, nodes]);
  const canAdd = state.hello?.methods.has("node.link") === true;
  return (
    <Dialog label={t.nodes.title} name="panel nodes" onClose={onClose}>
      <DialogHead title={t.nodes.title} onClose={onClose} />
      <p class="muted small-text">{t.nodes.intro}</p>
      <p class="done-line" role="status">{said}</p>
      {(requests.length > 0 || failures["requests"]) && <h3>{t.nodes.requests}</h3>}
      {failures["requests"] && (
        <FailureLine
          failure={failures["requests"]}
          onRetry={() => void chat.nodes.refreshRequests()}
        />
      )}
      <ul class="devices">
        {requests.map((one) => <NodeRequestCard key={one.requestId} request={one} state={state} onSaid={setSaid} />)}
      </ul>
      <h3>{t.nodes.list}</h3>
      {failures["nodes"] && <FailureLine failure={failures["nodes"]} onRetry={() => void chat.nodes.refreshNodes()} />}
      {!loaded && !failures["nodes"] && <p class="spinner" />}
      {loaded && others.length === 0 && <p class="muted">{t.nodes.none}</p>}
      <ul class="devices">{others.map((one) => <NodeCard key={one.nodeId} node={one} state={state} />)}</ul>
      <div class="row add-nodes">
        {canAdd && (
          <button type="button" class="button" onClick={() => void chat.nodes.makeLink()}>
            <Icon name="plus" /> {t.nodes.add}
          </button>
        )}
        <a
          class="button"
          href="/node"
          target="_blank"
          rel="noopener"
          onClick={(event) => canAdd && openHere(event, chat.nodes.pageHere())}
        >
          {t.nodes.thisBrowser}
        </a>
      </div>
      {link && <AddPhone link={link} skewMs={state.nodes.skewMs} />}
    </Dialog>
  );
}

/** The tab opens with the press, since a browser lets nothing open later; its address comes when the code is there. */
function openHere(event: Event, address: Promise<string>): void {
  const tab = open("", "_blank");
  if (tab === null) return;
  event.preventDefault();
  void address.then((path) => {
    tab.opener = null;
    tab.location.replace(path);
  });
}
