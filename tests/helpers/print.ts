/** Lines for the person who reads the test output. */
const encoder = new TextEncoder();

export const print = (text: string): void => void Deno.stdout.writeSync(encoder.encode(`${text}\n`));
