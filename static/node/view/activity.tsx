/** What runs at this moment, always in sight, with a Stop that stops it; and notices of the assistant. */
import { useEffect, useRef } from "preact/hooks";
import type { Job, Overlay } from "../state/model.ts";
import { useNodeState, useNow, useUi } from "./context.ts";
import { Icon } from "./icons.tsx";

export function Activity() {
  const { t } = useUi();
  const { jobs, overlays } = useNodeState();
  return (
    <div class="activity">
      <div class="notice-cards" role="status">
        {overlays.map((overlay) => <Notice key={overlay.id} overlay={overlay} />)}
      </div>
      <ul aria-label={t.running}>{jobs.map((job) => <Running key={job.id} job={job} />)}</ul>
    </div>
  );
}

function Running({ job }: { job: Job }) {
  const { t, node } = useUi();
  const now = useNow(250);
  const seconds = Math.max(0, Math.floor((now - job.startedAt) / 1000));
  const total = job.endsAt === undefined ? undefined : Math.max(1, Math.round((job.endsAt - job.startedAt) / 1000));
  return (
    <li class="job" data-ability={job.ability}>
      {job.stream ? <Preview stream={job.stream} /> : <Icon name={job.ability} />}
      <span class="live-dot" />
      <p role="alert">{t.job[job.ability]}</p>
      <span class="time">
        {total === undefined ? t.seconds(seconds) : t.secondsOf(Math.min(seconds, total), total)}
      </span>
      <button type="button" class="button primary" onClick={() => node.jobs.stop(job.id)}>{t.stop}</button>
    </li>
  );
}

function Preview({ stream }: { stream: MediaStream }) {
  const { t } = useUi();
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    video.srcObject = stream;
    // The stream may end before its picture was drawn.
    video.play().catch(() => undefined);
    return () => void (video.srcObject = null);
  }, [stream]);
  return <video ref={ref} class="camera-preview" muted playsInline aria-label={t.preview} />;
}

function Notice({ overlay }: { overlay: Overlay }) {
  const { t, node } = useUi();
  return (
    <div class="notice-card">
      <Icon name="notify" />
      <div>
        <strong>{overlay.title}</strong>
        {overlay.body && <p>{overlay.body}</p>}
      </div>
      <button type="button" class="ghost" aria-label={t.close} onClick={() => node.closeOverlay(overlay.id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}
