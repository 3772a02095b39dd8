/** The gateway with the fake provider, and a second one under the id `other` that has other abilities. */
import { createFakeManifest, manifest } from "../../workers/fake/manifest.ts";
import { runWithEntries } from "./gateway_with_entries.ts";

const entry = new URL("../../workers/fake/main.ts", import.meta.url);

await runWithEntries([
  { manifest, entry },
  { manifest: createFakeManifest({ id: "other", personal: true }), entry },
]);
