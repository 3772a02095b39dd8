/** Entry of the Signal worker. */
import "../runtime/bootstrap.ts";
import { runChannelWorker } from "../runtime/channel_main.ts";

const { createProvider } = await import("./provider.ts");
runChannelWorker(createProvider);
