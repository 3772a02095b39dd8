/** Asks the gateway what this node may do: at each connect, again and again while an owner's word is awaited. */
import { each, fields, word, words } from "../../client/read.ts";
import type { Timers } from "../../client/link.ts";
import type { Standing } from "./model.ts";

const PENDING_MS = 3_000;
const SETTLED_MS = 30_000;

export interface StandingDeps {
  readonly timers: Timers;
  request(method: string, params: unknown): Promise<unknown>;
  learned(standing: Standing): void;
}

export class StandingWatch {
  #cancel: (() => void) | undefined;
  #running = false;

  constructor(private readonly deps: StandingDeps) {}

  start(): void {
    this.#running = true;
    void this.look();
  }

  stop(): void {
    this.#running = false;
    this.#cancel?.();
  }

  /** Asks now, as when the page comes back to the front. */
  async look(): Promise<void> {
    this.#cancel?.();
    const answer = await this.deps.request("node.self", {}).catch(() => undefined);
    if (!this.#running) return;
    const standing = answer === undefined ? undefined : readStanding(answer);
    if (standing) this.deps.learned(standing);
    this.#cancel?.();
    const wait = standing && standing.pendingCommands.length > 0 ? PENDING_MS : SETTLED_MS;
    this.#cancel = this.deps.timers.after(wait, () => void this.look());
  }
}

export function readStanding(answer: unknown): Standing {
  const view = fields(answer);
  const isPending = view["approvalState"] === "pending-approval";
  return {
    name: word(view["displayName"]),
    pendingRequestId: isPending ? word(view["pendingRequestId"]) : undefined,
    pendingCommands: isPending ? words(view["pendingDeclaredCommands"]) : [],
    commands: words(view["commands"]),
    off: each(view["offCommands"], (one) => {
      const command = word(fields(one)["command"]);
      return command === undefined ? undefined : { command, reason: word(fields(one)["reason"]) ?? "" };
    }),
  };
}
