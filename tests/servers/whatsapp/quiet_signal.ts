/** libsignal prints whole sessions to the console, private keys included: those lines are dropped, all others stay. */
const LINES = /^(Closing|Opening|Removing|Session already|Decrypted message with closed|Migrating session|V1 session)/u;

const terminal = globalThis.console;
for (const method of ["log", "info", "warn"] as const) {
  const print = terminal[method];
  terminal[method] = (...values: unknown[]) => {
    if (typeof values[0] !== "string" || !LINES.test(values[0])) print.apply(terminal, values);
  };
}
