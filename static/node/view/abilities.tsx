/** The switches: what this device offers, what the browser says to it, and what the owner has not allowed yet. */
import { ABILITIES, type Ability, type State } from "../state/model.ts";
import { useNodeState, useUi } from "./context.ts";
import { Icon } from "./icons.tsx";

export function Abilities() {
  const { t } = useUi();
  const state = useNodeState();
  return (
    <section class="panel-card" aria-labelledby="abilities">
      <h2 id="abilities">{t.abilities}</h2>
      <ul class="abilities">
        {ABILITIES.map((ability) => <Switch key={ability} ability={ability} state={state} />)}
      </ul>
    </section>
  );
}

function Switch({ ability, state }: { ability: Ability; state: State }) {
  const { t, node } = useUi();
  const permission = state.permissions[ability];
  const on = state.switches[ability];
  const running = state.jobs.some((job) => job.ability === ability) ||
    (ability === "canvas" && state.shown !== undefined);
  const problem = problemOf();
  const { name, hint } = t.ability[ability];
  return (
    <li class="ability" data-on={on && permission !== "missing"} data-running={running}>
      <Icon name={ability} />
      <div class="ability-text">
        <span id={`name-${ability}`} class="ability-name">
          {name}
          {running && <span class="live-dot" title={t.running} />}
        </span>
        <span id={`hint-${ability}`} class={problem ? "problem small-text" : "muted small-text"}>
          {problem ?? hint}
        </span>
      </div>
      <button
        type="button"
        role="switch"
        class="switch"
        aria-checked={on && permission !== "missing"}
        aria-labelledby={`name-${ability}`}
        aria-describedby={`hint-${ability}`}
        disabled={permission === "missing"}
        onClick={() => void node.flip(ability, !on)}
      >
        <i />
      </button>
    </li>
  );

  function problemOf(): string | undefined {
    if (permission === "missing") return globalThis.isSecureContext ? t.missing : t.missingInsecure;
    if (permission === "denied") return t.blockedByBrowser;
    return on && permission === "prompt" ? t.asksAgain : undefined;
  }
}
