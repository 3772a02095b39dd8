/** `system.run`: a command by its words, never by a shell unless the words say so (canvas facts, section 6). */
import { isAbsolute } from "node:path";
import { NODE_COMMANDS, type NodeCommandParams } from "../../../schemas/node_command.ts";
import { checker } from "../../../schemas/validate.ts";
import { commandText } from "../../approval/command_text.ts";
import { normalizeAgentId } from "../../config/agent_id.ts";
import { type Clock, uuid } from "../../observe/clock.ts";
import { type ChildResult, runChild } from "./child.ts";
import { checkedEnvironment } from "./environment.ts";
import { invalid, nodeError, unavailable } from "./error.ts";
import type { Programs } from "./programs.ts";
import { DeniedError, passGate, type RunRules } from "./run_gate.ts";

type RunParams = NodeCommandParams<"system.run">;
const checkRun = checker(NODE_COMMANDS["system.run"].params);

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_TIMEOUT_MS = 10 * 60_000;
/** Commands at once; more are refused, so that a caller that goes wild cannot fill the host. */
const MAX_RUNNING = 4;
/** Of the output, for the session's note. */
const EVENT_OUTPUT = 2000;

/** What the gateway hears of a run (methods facts, section 11.5). */
export interface ExecEvent {
  readonly event: "exec.started" | "exec.finished" | "exec.denied";
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface RunnerDeps {
  readonly clock: Clock;
  readonly programs: Programs;
  readonly rules: RunRules;
  /** The environment that every program gets. */
  readonly base: Readonly<Record<string, string>>;
  /** Where a command without `cwd` runs; undefined: where the node was started. */
  readonly home: string | undefined;
  tell(event: ExecEvent): void;
}

export class Runner {
  #running = 0;
  constructor(private readonly deps: RunnerDeps) {}

  /** Runs it to its end; `signal` ends it early. Throws NodeError when it is refused or cannot start. */
  async run(params: unknown, signal: AbortSignal): Promise<ChildResult> {
    const checked = checkRun(params);
    if (!checked.ok) throw invalid(`Cannot read the parameters of system.run: ${checked.error}`);
    const wish = checked.value;
    if (wish.needsScreenRecording === true) throw unavailable("PERMISSION_MISSING: screenRecording");
    const argv = wish.command;
    const about = { ...aboutOf(wish), command: commandText(argv) };
    const cwd = this.#cwdOf(wish);
    const env = checkedEnvironment(wish.env ?? {});
    await this.#gate(wish, about, cwd);
    const program = await this.#program(argv[0] ?? "", cwd);
    if (this.#running >= MAX_RUNNING) {
      throw unavailable(`Cannot run another command: ${MAX_RUNNING} are running; try again later`);
    }
    this.#running++;
    try {
      this.deps.tell({ event: "exec.started", payload: about });
      return await this.#toEnd({ wish, program, env, cwd: cwd === "" ? undefined : cwd, signal }, about);
    } finally {
      this.#running--;
    }
  }

  async #gate(wish: RunParams, about: ReturnType<typeof aboutOf> & { command: string }, cwd: string): Promise<void> {
    try {
      await passGate(
        {
          argv: wish.command,
          text: about.command,
          cwd: cwd === "" ? "/" : cwd,
          agentId: normalizeAgentId(wish.agentId ?? ""),
          home: this.deps.home,
          approved: wish.approved === true,
          decision: wish.approvalDecision ?? undefined,
        },
        this.deps.rules,
        this.deps.programs,
      );
    } catch (error) {
      if (!(error instanceof DeniedError)) throw error;
      if (error.denial === "approval-required") {
        // Nobody is to be asked about a program that cannot run here anyhow. The refusal is no end: the caller asks a
        // person and comes back, and only then the session hears of the run.
        await this.#program(wish.command[0] ?? "", cwd);
      } else {
        this.deps.tell({ event: "exec.denied", payload: { ...about, reason: error.denial } });
      }
      throw error.refusal;
    }
  }

  async #toEnd(
    run: {
      readonly wish: RunParams;
      readonly program: string;
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string | undefined;
      readonly signal: AbortSignal;
    },
    about: Readonly<Record<string, unknown>>,
  ): Promise<ChildResult> {
    const { wish, program, cwd, signal } = run;
    try {
      const result = await runChild({
        program,
        args: wish.command.slice(1),
        cwd,
        env: { ...this.deps.base, ...run.env },
        timeoutMs: Math.min(wish.timeoutMs || DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS),
        signal,
      }, this.deps.clock);
      const output = [result.stdout, result.stderr].filter((text) => text !== "").join("\n").slice(-EVENT_OUTPUT);
      const { exitCode, timedOut } = result;
      const code = exitCode === null ? {} : { exitCode };
      this.deps.tell({ event: "exec.finished", payload: { ...about, ...code, timedOut, output } });
      return result;
    } catch (error) {
      const output = nodeError(error).message;
      this.deps.tell({ event: "exec.finished", payload: { ...about, timedOut: false, output } });
      throw error;
    }
  }

  /** The folder to run in; empty: where the node was started. */
  #cwdOf({ cwd }: RunParams): string {
    const wanted = cwd === undefined || cwd === null || cwd === "" ? this.deps.home ?? "" : cwd;
    if (wanted !== "" && !isAbsolute(wanted)) throw invalid(`Cannot run in ${JSON.stringify(wanted)}: it is relative`);
    if (wanted.includes("\0")) throw invalid("Cannot run in that folder: its name holds a zero byte");
    return wanted;
  }

  async #program(word: string, cwd: string): Promise<string> {
    const { programs } = this.deps;
    const path = await programs.locate(word, cwd === "" ? "/" : cwd);
    const shown = JSON.stringify(word.slice(0, 200));
    if (path === undefined) throw unavailable(`Cannot run ${shown}: no such program in the PATH of this node`);
    if (programs.mayRun(path)) return path;
    throw unavailable(
      `PERMISSION_MISSING: run ${path}: this node was started without the right to run it; ` +
        `its owner can add "${word}" to nodeHost.programs (or --allow-program) and start it anew`,
    );
  }
}

const aboutOf = (wish: RunParams) => ({
  ...(wish.sessionKey === undefined || wish.sessionKey === null ? {} : { sessionKey: wish.sessionKey }),
  runId: wish.runId ?? uuid(),
});
