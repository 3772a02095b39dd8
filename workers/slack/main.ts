/** Entry of the Slack worker. */
import "../runtime/bootstrap.ts";
import { runChannelWorker } from "../runtime/channel_main.ts";

// After the bootstrap: the library reads process.env when it is loaded.
const { createProvider } = await import("./provider.ts");
runChannelWorker(createProvider);
