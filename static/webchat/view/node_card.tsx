/** One node: how it is, what can be asked of it, what is off and why, and the switches of its dangerous commands. */
import { useState } from "preact/hooks";
import { may } from "../../client/protocol.ts";
import { ago, clockTime, exactTime, type Words } from "../i18n/mod.ts";
import { abilitiesOf, abilityOf, isDangerous, nodeKey, type NodeRow, switchesOf } from "../state/nodes_model.ts";
import type { State } from "../state/model.ts";
import { Act, CardHead, FailureLine } from "./channel_parts.tsx";
import { useNow, useUi } from "./context.ts";
import { Confirm, Rename } from "./dialog.tsx";

const DAY_MS = 86_400_000;

/** "take photos, read the location". */
export function abilityWords(t: Words, commands: readonly string[]): string {
  return abilitiesOf(commands).map((one) => typeof one === "string" ? t.nodes.ability[one] : one.command).join(
    t.nodes.comma,
  );
}

export function commandWords(t: Words, command: string): string {
  const ability = abilityOf(command);
  return ability === undefined ? command : t.nodes.ability[ability];
}

export function NodeCard({ node, state }: { node: NodeRow; state: State }) {
  const { t } = useUi();
  const failure = state.nodes.failures[nodeKey(node.nodeId)];
  const tone = node.waits ? "busy" : node.connected ? "good" : "off";
  const word = t.nodes.state[node.waits ? "waits" : node.connected ? "connected" : "away"];
  // A node that waits has all of it off; its request says what it offers.
  const off = node.waits ? [] : node.off.filter(({ command }) => !isDangerous(command));
  return (
    <li class="device account node" data-tone={tone}>
      <CardHead title={node.name} word={word} />
      <NodeFacts node={node} skewMs={state.nodes.skewMs} />
      {node.connected && !node.waits && (
        <p class="abilities">
          <b>{t.nodes.can}</b> {node.commands.length ? abilityWords(t, node.commands) : t.nodes.canNothing}
        </p>
      )}
      <Switches node={node} state={state} />
      {off.length > 0 && (
        <details class="fold">
          <summary>{t.nodes.off}: {abilityWords(t, off.map(({ command }) => command))}</summary>
          <dl class="fold-body off-list">
            {off.map(({ command, reason }) => (
              <div key={command}>
                <dt>
                  <code>{command}</code>
                </dt>
                <dd>{reason}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {failure && <FailureLine failure={failure} />}
      <Buttons node={node} state={state} />
    </li>
  );
}

function NodeFacts({ node, skewMs }: { node: NodeRow; skewMs: number }) {
  const { t } = useUi();
  const now = useNow(30_000) + skewMs;
  const { platform, version, address, connected, connectedAt, lastSeenAt } = node;
  const seen = connected
    ? connectedAt && t.nodes.since(now - connectedAt < DAY_MS ? clockTime(t, connectedAt) : exactTime(t, connectedAt))
    : lastSeenAt && t.lastSeen(ago(t, lastSeenAt, now));
  const facts = [platform, version, address, seen].filter((fact) => fact);
  return <p class="muted">{facts.join(" · ")}</p>;
}

/** Dangerous commands that the node has. One that the configuration allows for all nodes cannot be switched here. */
function Switches({ node, state }: { node: NodeRow; state: State }) {
  const { t, chat } = useUi();
  // What was just switched stands as the person left it until the gateway has answered.
  const [wish, setWish] = useState<{ readonly command: string; readonly on: boolean }>();
  const allowed = state.nodes.allowed[node.nodeId] ?? [];
  const commands = switchesOf(node, allowed);
  if (!commands.length) return null;
  const able = may(state.hello, "operator.admin") && state.hello?.methods.has("node.commands.set") === true;
  const busy = state.nodes.busy.includes(nodeKey(node.nodeId));
  const toggle = async (command: string, on: boolean) => {
    setWish({ command, on });
    await chat.nodes.toggle(node.nodeId, command, on);
    setWish(undefined);
  };
  return (
    <fieldset class="switches" disabled={!able || (busy && !wish)}>
      <legend>{t.nodes.dangerous}</legend>
      {commands.map((command) => {
        const on = node.commands.includes(command) || allowed.includes(command);
        const fixed = on && !allowed.includes(command);
        const reason = node.off.find((one) => one.command === command)?.reason;
        const note = fixed ? t.nodes.byConfig : allowed.includes(command) ? reason : undefined;
        return (
          <label key={command} class="switch-row">
            <input
              type="checkbox"
              role="switch"
              checked={wish?.command === command ? wish.on : on}
              disabled={fixed || (wish !== undefined && wish.command !== command)}
              onChange={({ currentTarget }) => void toggle(command, currentTarget.checked)}
            />
            <span>
              {commandWords(t, command)} <code>{command}</code>
              {note && <span class="muted">{` · ${note}`}</span>}
            </span>
          </label>
        );
      })}
      {!able && <p class="muted small-text">{t.nodes.noSwitches}</p>}
    </fieldset>
  );
}

function Buttons({ node, state }: { node: NodeRow; state: State }) {
  const { t, chat } = useUi();
  const [asking, setAsking] = useState<"rename" | "remove">();
  const busy = state.nodes.busy.includes(nodeKey(node.nodeId));
  const has = (method: string) => state.hello?.methods.has(method) === true && may(state.hello, "operator.pairing");
  const close = () => setAsking(undefined);
  if (!has("node.rename") && !has("node.pair.remove")) return null;
  return (
    <div class="row acts" aria-busy={busy}>
      {has("node.rename") && (
        <Act
          word={t.nodes.rename}
          of={node.name}
          busy={busy}
          onClick={() => setAsking("rename")}
        />
      )}
      {has("node.pair.remove") && (
        <Act
          word={t.remove}
          of={node.name}
          busy={busy}
          onClick={() => setAsking("remove")}
        />
      )}
      {busy && <span class="spinner" />}
      {asking === "rename" && (
        <Rename
          title={t.nodes.rename}
          label={t.nodes.renameLabel}
          value={node.name}
          onSave={(name) => name && void chat.nodes.rename(node.nodeId, name)}
          onClose={close}
        />
      )}
      {asking === "remove" && (
        <Confirm
          title={t.nodes.removeAsk(node.name)}
          hint={t.nodes.removeHint}
          action={t.remove}
          onConfirm={() => void chat.nodes.remove(node)}
          onClose={close}
        />
      )}
    </div>
  );
}
