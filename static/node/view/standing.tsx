/** What still stands between this device and the assistant, and who can change it. */
import type { Ability, Standing, State } from "../state/model.ts";
import { useNodeState, useUi } from "./context.ts";
import { Icon } from "./icons.tsx";
import { CommandLine } from "./parts.tsx";

/** Which switch a command belongs to. */
function abilityOf(command: string): Ability | undefined {
  const [family] = command.split(".");
  if (command === "system.notify") return "notify";
  if (family === "canvas" || family === "camera" || family === "screen" || family === "location") return family;
  return undefined;
}

/** Commands that the person switched on here and the owner keeps off. */
function keptOff({ standing, switches }: State): string[] {
  const off = standing?.off ?? [];
  return off.map(({ command }) => command).filter((command) => {
    const ability = abilityOf(command);
    return ability !== undefined && switches[ability];
  });
}

export function StandingCard() {
  const state = useNodeState();
  const { standing, deviceId = "" } = state;
  if (!standing || state.connection.state !== "connected") return null;
  if (standing.pendingCommands.length > 0) return <Pending standing={standing} deviceId={deviceId} />;
  const off = keptOff(state);
  return off.length > 0 ? <Off commands={off} deviceId={deviceId} /> : null;
}

function Pending({ standing, deviceId }: { standing: Standing; deviceId: string }) {
  const { t } = useUi();
  const names = standing.pendingCommands.map((command) => {
    const ability = abilityOf(command);
    return ability === undefined ? t.deviceFacts : t.ability[ability].name;
  });
  const abilities = [...new Set(names)];
  return (
    <section class="panel-card wants" role="status">
      <h2>
        <Icon name="alert" /> {t.pendingTitle}
      </h2>
      <p>{t.pendingText}</p>
      <p>{t.pendingAsk}</p>
      <Chips words={abilities} />
      <p>{t.pendingHow}</p>
      <CommandLine text={`openclaw nodes approve ${short(deviceId)}`} />
    </section>
  );
}

function Off({ commands, deviceId }: { commands: readonly string[]; deviceId: string }) {
  const { t } = useUi();
  return (
    <section class="panel-card wants" role="status">
      <h2>
        <Icon name="lock" /> {t.offTitle}
      </h2>
      <p>{t.offText}</p>
      <Chips words={commands} />
      <p>{t.pendingHow}</p>
      <CommandLine text={`openclaw nodes allow ${short(deviceId)} ${commands.join(" ")}`} />
    </section>
  );
}

/** Enough of an id for every command line. */
const short = (id: string): string => id.slice(0, 12);

const Chips = ({ words }: { words: readonly string[] }) => (
  <ul class="chips">{words.map((word) => <li key={word}>{word}</li>)}</ul>
);
