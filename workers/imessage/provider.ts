/** The iMessage provider over imsg: one program, its messages in, texts out. */
import { type Provider, type ProviderContext, ProviderError } from "../runtime/provider.ts";
import { createConnection } from "./connection.ts";
import { createEchoes } from "./echo.ts";
import { toProviderError } from "./errors.ts";
import { createIntake } from "./intake.ts";
import { createSender } from "./outbound.ts";
import type { Rpc } from "./rpc.ts";
import { readSettings } from "./settings.ts";

/** How soon a program must show that it still answers, after it left a send without an answer. */
const PROVE_MS = 10_000;

export function createProvider(context: ProviderContext): Provider {
  const settings = readSettings(context);
  const echoes = createEchoes(settings.echoMs);
  let rpc: Rpc | undefined;
  let life: Promise<void> | undefined;
  const intake = createIntake({
    context,
    settings,
    echoes,
    onFull: () => connection.renew("more messages wait than can be taken"),
  });
  const connection = createConnection({ context, settings, intake, onRpc: (made) => rpc = made });

  /** Asks the program anything; rejects when it is not ready. */
  async function ask(deadlineMs: number, signal: AbortSignal): Promise<unknown> {
    if (rpc) return await rpc.call("chats.list", { limit: 1 }, deadlineMs, signal);
    const message = "imsg is not ready: its state says why";
    throw new ProviderError({ code: "unreachable", message, retryable: true, outcome: "not_sent" });
  }

  return {
    connect() {
      life = connection.run();
    },
    // The child must be gone before a successor starts: two would hand everything over twice.
    disconnect: async () => await life,
    send: createSender({
      settings,
      echoes,
      rpc: () => rpc,
      onSilence: () => void ask(PROVE_MS, context.signal).catch(() => connection.renew("imsg is stuck")),
    }),
    async probe(signal) {
      try {
        await ask(settings.probeMs, signal);
        return { program: settings.cliPath, database: settings.dbPath ?? "default", lastRow: intake.lastRow ?? null };
      } catch (error) {
        throw toProviderError(error);
      }
    },
    async login() {
      context.loginStep({ kind: "wait", text: "Asking imsg for the chats of this Mac" });
      try {
        await ask(settings.probeMs, context.signal);
        context.loginStep({ kind: "done", text: "imsg reads the messages of this Mac" });
      } catch (error) {
        const { message, retryable } = toProviderError(error).error;
        context.loginStep({ kind: "failed", text: message, retryable });
      }
    },
  };
}
