/** The signals that end the gateway: the first asks for an orderly end, the second ends the process at once. */

export interface Signals {
  /** Resolves with the first signal. */
  readonly first: Promise<Deno.Signal>;
  /** Gives the signals back to the runtime. */
  release(): void;
}

/** Takes SIGTERM and SIGINT (Windows: SIGINT and SIGBREAK). SQLite and the locks survive the second one. */
export function takeSignals(): Signals {
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGTERM", "SIGINT"];
  const first = Promise.withResolvers<Deno.Signal>();
  let count = 0;
  const handlers = signals.map((signal) => {
    const handler = () => {
      if (++count > 1) Deno.exit(130);
      first.resolve(signal);
    };
    Deno.addSignalListener(signal, handler);
    return { signal, handler };
  });
  return {
    first: first.promise,
    release: () => handlers.forEach(({ signal, handler }) => Deno.removeSignalListener(signal, handler)),
  };
}
