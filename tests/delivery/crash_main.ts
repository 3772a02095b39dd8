/** The gateway with two kinds of fake platform: one that drops repeats of a key, one that does not. */
import { createFakeManifest } from "../../workers/fake/manifest.ts";
import { runWithEntries } from "../helpers/gateway_with_entries.ts";

const entry = new URL("../../workers/fake/main.ts", import.meta.url);

await runWithEntries([
  { manifest: createFakeManifest({ id: "keyed", capabilities: { idempotentSend: true, streaming: "edit" } }), entry },
  { manifest: createFakeManifest({ id: "plain" }), entry },
]);
