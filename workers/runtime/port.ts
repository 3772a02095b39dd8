/** The worker's end of the port to main: every command checked, every report made safe to clone. */
import type { Checker } from "../../schemas/validate.ts";
import type { LifeReport } from "../../schemas/worker/runtime.ts";
import { transport } from "./transport.ts";

export interface WorkerPort<Report> {
  /** Never throws: a report that cannot be cloned is sent as its JSON form, or dropped with a `log` report. */
  post(report: Report | LifeReport, transfer?: Transferable[]): void;
}

/**
 * Takes commands from main. A message that fails `check` is dropped and logged, because one bad message must not end
 * a worker that serves other runs. `ping` is answered here, so that no worker kind can forget it. Call once, then post
 * `ready`.
 */
export function openWorkerPort<Command extends { readonly type: string }, Report>(
  check: Checker<Command>,
  handle: (command: Command) => void,
): WorkerPort<Report> {
  const port: WorkerPort<Report> = { post: (report, transfer) => postSafely(report, transfer) };
  transport.listen((data) => {
    const id = pingId(data);
    if (id !== undefined) return port.post({ type: "pong", id });
    const checked = check(data);
    if (checked.ok) return handle(checked.value);
    port.post({ type: "log", level: "warn", event: "worker.command.malformed", fields: { error: checked.error } });
  });
  return port;
}

function pingId(data: unknown): number | undefined {
  if (typeof data !== "object" || data === null || !("type" in data) || data.type !== "ping") return undefined;
  return "id" in data && typeof data.id === "number" && Number.isSafeInteger(data.id) && data.id >= 0
    ? data.id
    : undefined;
}

function postSafely(report: unknown, transfer?: Transferable[]): void {
  try {
    transport.post(report, transfer);
  } catch (error) {
    // A function, a proxy or a detached buffer inside: what JSON keeps of it is what main could have used.
    const reason = error instanceof Error ? error.message : String(error);
    try {
      transport.post(JSON.parse(JSON.stringify(report)));
    } catch {
      transport.post({ type: "log", level: "error", event: "worker.report.dropped", fields: { reason } });
    }
  }
}
