/** The gateway with WhatsApp's test entry in the place of the shipped one: it trusts the test server. */
import { manifest } from "../../../workers/whatsapp/manifest.ts";
import { runWithEntries } from "../../helpers/gateway_with_entries.ts";

await runWithEntries([{ manifest, entry: new URL("./worker_entry.ts", import.meta.url) }]);
