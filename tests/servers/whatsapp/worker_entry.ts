/**
 * The WhatsApp worker for tests: trusts the test server, then becomes the shipped worker. `main.ts` of the gateway cannot
 * name this file; only tests pass it as an entry.
 */
import "../../../workers/runtime/bootstrap.ts";
import { TEST_CA, TEST_ROOT } from "./test_keys.ts";

const library = await import("@whiskeysockets/baileys");
library.WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(TEST_ROOT.public, "hex");

// Attachments go over TLS in every case; the test host's certificate is signed by nobody whom a runtime knows.
const client = Deno.createHttpClient({ caCerts: [TEST_CA] });
const plainFetch = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const options: RequestInit & { client: Deno.HttpClient } = { ...init, client };
  return plainFetch(input, options);
};

await import("../../../workers/whatsapp/main.ts");
