/** The devices: those that wait for approval, those that have it, and the way out for this one. */
import { useEffect, useState } from "preact/hooks";
import { ago } from "../i18n/mod.ts";
import type { PairedDevice, PendingDevice, State } from "../state/model.ts";
import { useNow, useUi } from "./context.ts";
import { Confirm, Dialog, DialogHead } from "./dialog.tsx";
import { Icon } from "./icons.tsx";

export function Devices({ state, onClose }: { state: State; onClose(): void }) {
  const { t, chat, forget } = useUi();
  const [removing, setRemoving] = useState<PairedDevice>();
  const [leaving, setLeaving] = useState(false);
  useEffect(() => void chat.refreshDevices(), []);
  const leave = async () => {
    // The record on the gateway goes first: once the key is forgotten, nobody can prove to be this device.
    if (state.deviceId) await chat.removeDevice(state.deviceId);
    await forget();
    location.reload();
  };
  return (
    <Dialog label={t.devices} name="panel" onClose={onClose}>
      <DialogHead title={t.devices} onClose={onClose} />
      <h3>{t.waitingTitle}</h3>
      {state.pending.length === 0 && <p class="muted">{t.devicesNone}</p>}
      <ul class="devices">{state.pending.map((one) => <Pending key={one.requestId} device={one} />)}</ul>
      <h3>{t.pairedTitle}</h3>
      <ul class="devices">
        {state.paired.map((one) => (
          <Paired
            key={one.deviceId}
            device={one}
            own={one.deviceId === state.deviceId}
            onRemove={() => setRemoving(one)}
          />
        ))}
      </ul>
      <p class="muted small-text">{t.signOutHint}</p>
      <button type="button" class="button danger" onClick={() => setLeaving(true)}>{t.signOut}</button>
      {removing && (
        <Confirm
          title={t.remove}
          hint={t.removeDeviceAsk(removing.name)}
          action={t.remove}
          onConfirm={() => void chat.removeDevice(removing.deviceId)}
          onClose={() => setRemoving(undefined)}
        />
      )}
      {leaving && (
        <Confirm
          title={t.signOut}
          hint={t.signOutHint}
          action={t.signOut}
          onConfirm={() => void leave()}
          onClose={() => setLeaving(false)}
        />
      )}
    </Dialog>
  );
}

function Pending({ device }: { device: PendingDevice }) {
  const { t, chat } = useUi();
  const now = useNow(10_000);
  const facts = [device.platform, device.address, device.role, ago(t, device.ts, now)].filter((fact) => fact);
  const scopes = device.scopes.map((scope) => scope.replace("operator.", "")).join(", ");
  return (
    <li class="device waiting">
      <div>
        <strong>{device.name}</strong>
        <p class="muted">{facts.join(" · ")}</p>
        {scopes && <p class="muted">{t.wants(scopes)}</p>}
        <p>
          <code class="request-id">{device.requestId}</code>
        </p>
      </div>
      <div class="row">
        <button type="button" class="button" onClick={() => void chat.decide(device.requestId, false)}>
          {t.reject}
        </button>
        <button type="button" class="button primary" onClick={() => void chat.decide(device.requestId, true)}>
          {t.approve}
        </button>
      </div>
    </li>
  );
}

function Paired({ device, own, onRemove }: { device: PairedDevice; own: boolean; onRemove(): void }) {
  const { t } = useUi();
  const now = useNow(60_000);
  const seen = device.connected ? t.online : device.lastSeenAt ? t.lastSeen(ago(t, device.lastSeenAt, now)) : undefined;
  const facts = [own ? t.thisDevice : undefined, device.platform, seen].filter((fact) => fact);
  const label = `${t.remove}: ${device.name}`;
  return (
    <li class="device">
      <div>
        <strong>{device.name}</strong>
        <p class="muted">{facts.join(" · ")}</p>
      </div>
      {!own && (
        <button type="button" class="ghost" aria-label={label} title={label} onClick={onRemove}>
          <Icon name="trash" />
        </button>
      )}
    </li>
  );
}
