/** What the operations of an account share. */
import { type ProviderContext, ProviderError } from "../runtime/provider.ts";
import type { Identity } from "./account.ts";
import type { Memory } from "./memory.ts";
import type { Rpc } from "./rpc.ts";
import type { Settings } from "./settings.ts";

export interface Shared {
  readonly rpc: Rpc;
  readonly settings: Settings;
  readonly memory: Memory;
  readonly log: ProviderContext["log"];
  /** Throws while the daemon has not said which account is ours. */
  identity(): Identity;
}

export const notConnected = (): ProviderError =>
  new ProviderError({
    code: "unreachable",
    message: "The signal-cli daemon has not answered yet",
    retryable: true,
    outcome: "not_sent",
  });
