/** Decides whether a command may run on this host: the owner's `exec-approvals.json`, and what a person approved now. */
import { patternFor, programOf, rulesFor, verdict } from "../../approval/allowlist.ts";
import type { ApprovalsFile } from "../../approval/file_store.ts";
import { unavailable } from "./error.ts";
import type { Programs } from "./programs.ts";

/** What of `exec-approvals.json` a run needs. */
export type RunRules = Pick<ApprovalsFile, "read" | "remember" | "used">;

export interface GateRequest {
  readonly argv: readonly string[];
  /** The text for people. */
  readonly text: string;
  readonly cwd: string;
  readonly agentId: string;
  /** What `~/` in a pattern stands for. */
  readonly home: string | undefined;
  /** The gateway says so for an approval that was really given, and only then. */
  readonly approved: boolean;
  readonly decision: "allow-once" | "allow-always" | undefined;
}

/** Why a run was refused, as `exec.denied` names it; `approval-required` is no end: the caller asks and comes back. */
export type Denial = "security=deny" | "allowlist-miss" | "approval-required";

export class DeniedError extends Error {
  constructor(readonly denial: Denial) {
    super(denial);
  }
  /** The sentence of the protocol (canvas facts, section 6). */
  get refusal(): Error {
    return unavailable(SENTENCES[this.denial]);
  }
}

const SENTENCES: Readonly<Record<Denial, string>> = {
  "security=deny": "SYSTEM_RUN_DISABLED: security=deny",
  "allowlist-miss": "SYSTEM_RUN_DENIED: allowlist miss",
  "approval-required": "SYSTEM_RUN_DENIED: approval required",
};

/**
 * Returns when the command may run, with what was allowed for good written down. Throws DeniedError.
 *
 * The list is asked about the path as PATH finds it, links not followed: a link to a program of many names (busybox,
 * coreutils) would otherwise allow all of them, and the right to run is granted for that same path.
 */
export async function passGate(request: GateRequest, rules: RunRules, programs: Programs): Promise<void> {
  const { argv, agentId, approved, cwd, text } = request;
  const platform = Deno.build.os;
  const [judged] = programOf(argv, platform) ?? [];
  const resolvedPath = judged === undefined ? undefined : await programs.locate(judged, cwd);
  const use = { command: text, ...(resolvedPath === undefined ? {} : { resolvedPath }) };
  const file = rules.read();
  const { decision, hit } = verdict(file, agentId, argv, { resolvedPath, platform, home: request.home });
  if (decision === "allow") {
    if (hit !== undefined) rules.used(hit, use);
    return;
  }
  if (rulesFor(file, agentId).security === "deny") throw new DeniedError("security=deny");
  if (!approved) throw new DeniedError(decision === "ask" ? "approval-required" : "allowlist-miss");
  if (request.decision !== "allow-always") return;
  const pattern = patternFor(argv, resolvedPath, platform);
  if (pattern !== undefined) rules.remember(agentId, pattern, use);
}
