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
  const { standing } = state;
  if (!standing || state.connection.state !== "connected") return null;
  if (standing.pendingCommands.length > 0) return <Pending standing={standing} />;
  const off = keptOff(state);
  return off.length > 0 ? <Off commands={off} deviceId={state.deviceId ?? ""} /> : null;
}

function Pending({ standing }: { standing: Standing }) {
  const { t } = useUi();
  return (
    <section class="panel-card wants" role="status">
      <h2>
        <Icon name="alert" /> {t.pendingTitle}
      </h2>
      <p>{t.pendingText}</p>
      <p>{t.pendingAsk}</p>
      <CommandChips commands={standing.pendingCommands} />
      {standing.pendingRequestId && (
        <>
          <p>{t.pendingHow}</p>
          <CommandLine text={`openclaw nodes approve ${standing.pendingRequestId}`} />
        </>
      )}
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
      <CommandChips commands={commands} />
      <p>{t.pendingHow}</p>
      <CommandLine text={`openclaw nodes allow ${deviceId.slice(0, 12)} ${commands.join(" ")}`} />
    </section>
  );
}

const CommandChips = ({ commands }: { commands: readonly string[] }) => (
  <ul class="chips">
    {commands.map((command) => (
      <li key={command}>
        <code>{command}</code>
      </li>
    ))}
  </ul>
);
