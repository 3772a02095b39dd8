/** libsignal prints every change of a session to the console; nobody reads it, and a log is no place for sessions. */
const { console: printer } = globalThis;
for (const method of ["log", "info"] as const) printer[method] = () => {};
