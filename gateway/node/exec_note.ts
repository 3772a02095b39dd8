/** What the next prompt says of a command that ran on a node (methods facts, section 11.5). */
import type { ExecFacts } from "../../schemas/node_event.ts";

const MAX_COMMAND = 400;
const MAX_OUTPUT = 3_000;

/** `event`: `exec.started`, `exec.finished` or `exec.denied`. */
export function noteText(event: string, nodeId: string, facts: ExecFacts): string {
  const where = `node=${nodeId}${facts.runId ? ` id=${line(facts.runId, 64)}` : ""}`;
  const command = facts.command ? `: ${line(facts.command, MAX_COMMAND)}` : "";
  if (event === "exec.started") return `Exec started (${where})${command}`;
  if (event === "exec.denied") {
    return `Exec denied (${where}, ${line(facts.reason ?? "no reason given", 200)})${command}`;
  }
  const end = facts.timedOut === true ? "timed out" : `code ${facts.exitCode ?? "unknown"}`;
  return `Exec finished (${where}, ${end})${output(facts.output ?? "")}`;
}

const line = (text: string, most: number): string => text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim().slice(0, most);

/** Indented, so that no line of it can pass for one of the prompt's own. */
function output(text: string): string {
  const lines = text.slice(-MAX_OUTPUT).split(/\r?\n/u).map((each) => each.replaceAll(/[\p{Cc}]+/gu, " ").trimEnd());
  const shown = lines.filter((each) => each !== "");
  return shown.length === 0 ? "" : `\n${shown.map((each) => `  ${each}`).join("\n")}`;
}
