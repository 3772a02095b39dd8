/** A node that waits for approval: what it offers in plain words, and its dangerous commands to be ticked one by one. */
import { useState } from "preact/hooks";
import { may } from "../../client/protocol.ts";
import { ago } from "../i18n/mod.ts";
import { type NodeRequest, nodeRequestKey } from "../state/nodes_model.ts";
import type { State } from "../state/model.ts";
import { Act, FailureLine } from "./channel_parts.tsx";
import { useNow, useUi } from "./context.ts";
import { abilityWords, commandWords } from "./node_card.tsx";

interface Props {
  readonly request: NodeRequest;
  readonly state: State;
  onSaid(text: string): void;
}

export function NodeRequestCard({ request, state, onSaid }: Props) {
  const { t, chat } = useUi();
  const now = useNow(10_000) + state.nodes.skewMs;
  const [allow, setAllow] = useState<readonly string[]>([]);
  const { name, platform, address, commands, dangerous, isRepair, ts } = request;
  const key = nodeRequestKey(request.requestId);
  const busy = state.nodes.busy.includes(key);
  const failure = state.nodes.failures[key];
  const harmless = commands.filter((command) => !dangerous.includes(command));
  const tick = (command: string, on: boolean) =>
    setAllow(on ? [...allow, command] : allow.filter((one) => one !== command));
  const decide = async (approve: boolean) => {
    const done = approve ? await chat.nodes.approve(request, allow) : await chat.nodes.reject(request);
    if (done) onSaid(approve ? t.nodes.approved(name) : t.nodes.rejected(name));
  };
  return (
    <li class="device account waiting node-request">
      <strong>{name}</strong>
      <p class="muted">{[platform, address, ts ? ago(t, ts, now) : undefined].filter((fact) => fact).join(" · ")}</p>
      {isRepair && <p>{t.nodes.changed}</p>}
      {harmless.length > 0 && (
        <p class="abilities">
          <b>{t.nodes.wantsTo}</b> {abilityWords(t, harmless)}
        </p>
      )}
      {dangerous.length > 0 && (
        <Dangerous commands={dangerous} ticked={allow} able={may(state.hello, "operator.admin")} onTick={tick} />
      )}
      {failure && <FailureLine failure={failure} />}
      <div class="row acts">
        <Act word={t.reject} of={name} busy={busy} onClick={() => void decide(false)} />
        <Act word={t.approve} of={name} main busy={busy} onClick={() => void decide(true)} />
        {busy && <span class="spinner" />}
      </div>
    </li>
  );
}

interface DangerousProps {
  readonly commands: readonly string[];
  readonly ticked: readonly string[];
  readonly able: boolean;
  onTick(command: string, on: boolean): void;
}

function Dangerous({ commands, ticked, able, onTick }: DangerousProps) {
  const { t } = useUi();
  return (
    <fieldset class="switches" disabled={!able}>
      <legend>{t.nodes.dangerous}</legend>
      <p class="small-text">{able ? t.nodes.dangerousHint : t.nodes.noSwitches}</p>
      {commands.map((command) => (
        <label key={command} class="switch-row">
          <input
            type="checkbox"
            checked={ticked.includes(command)}
            onChange={({ currentTarget }) => onTick(command, currentTarget.checked)}
          />
          <span>
            {commandWords(t, command)} <code>{command}</code>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
