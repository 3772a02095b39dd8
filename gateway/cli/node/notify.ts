/** `system.notify`: a notification by the desktop's own program, with a fixed form of arguments. */
import type { NodeCommandParams } from "../../../schemas/node_command.ts";
import type { Clock } from "../../observe/clock.ts";
import { clean } from "../output.ts";
import { runChild } from "./child.ts";
import { unavailable } from "./error.ts";
import type { Programs } from "./programs.ts";

const TIMEOUT_MS = 10_000;
const MAX_TITLE = 200;
const MAX_BODY = 2000;

export type Notification = Pick<NodeCommandParams<"system.notify">, "title" | "body" | "priority">;

interface Notifier {
  readonly program: string;
  args(title: string, body: string, urgent: string): readonly string[];
  /** Words that the program reads from its environment, where its arguments would be code. */
  env?(title: string, body: string): Readonly<Record<string, string>>;
}

/** Texts of callers are never part of a script: they stand in arguments or variables that the script only reads. */
const NOTIFIERS: Partial<Record<typeof Deno.build.os, Notifier>> = {
  linux: {
    program: "notify-send",
    args: (title, body, urgency) => ["--app-name=OpenClaw", `--urgency=${urgency}`, "--", title, withoutMarkup(body)],
  },
  darwin: {
    program: "osascript",
    args: (title, body) => [
      ...["-e", "on run words", "-e", "display notification (item 2 of words) with title (item 1 of words)"],
      ...["-e", "end run", "--", title, body],
    ],
  },
  windows: {
    program: "powershell",
    args: () => ["-NoProfile", "-NonInteractive", "-Command", BALLOON],
    env: (title, body) => ({ NOTE_TITLE: title, NOTE_BODY: body }),
  },
};

const BALLOON = [
  "Add-Type -AssemblyName System.Windows.Forms,System.Drawing",
  "$note = New-Object System.Windows.Forms.NotifyIcon",
  "$note.Icon = [System.Drawing.SystemIcons]::Information",
  "$note.Visible = $true",
  "$note.ShowBalloonTip(5000, $env:NOTE_TITLE, $env:NOTE_BODY, 'Info')",
  "Start-Sleep -Seconds 6",
  "$note.Dispose()",
].join("; ");

/** The program that shows notifications on this system; undefined where none is known. */
export const notifyProgram = (os: typeof Deno.build.os = Deno.build.os): string | undefined => NOTIFIERS[os]?.program;

/** Shows it. Throws UNAVAILABLE when the program is missing, not permitted, or fails, as without a desktop. */
export async function notify(note: Notification, facts: {
  readonly programs: Programs;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}): Promise<void> {
  const notifier = NOTIFIERS[Deno.build.os];
  const program = notifier === undefined ? undefined : await facts.programs.which(notifier.program);
  if (notifier === undefined || program === undefined) {
    throw unavailable(`Cannot show a notification: ${notifier?.program ?? "a known program"} is not installed here`);
  }
  if (!facts.programs.mayRun(program)) {
    throw unavailable(`Cannot show a notification: this node was started without the right to run "${program}"`);
  }
  const title = clean(note.title ?? "").slice(0, MAX_TITLE) || "OpenClaw";
  const body = clean(note.body ?? "").slice(0, MAX_BODY);
  const result = await runChild({
    program,
    args: notifier.args(title, body, URGENCY[note.priority ?? "active"]),
    cwd: undefined,
    env: { ...facts.env, ...notifier.env?.(title, body) },
    timeoutMs: TIMEOUT_MS,
    signal: facts.signal,
  }, facts.clock);
  if (result.success) return;
  const reason = clean(result.stderr).trim().split("\n").at(-1)?.slice(0, 200) || result.error;
  throw unavailable(`Cannot show a notification: ${reason ?? `${notifier.program} failed`}`);
}

const URGENCY = { passive: "low", active: "normal", timeSensitive: "critical" } as const;

/** Linux desktops read a body as markup. */
const withoutMarkup = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
