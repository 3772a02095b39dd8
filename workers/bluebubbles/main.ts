/** Entry of the BlueBubbles worker. */
import "../runtime/bootstrap.ts";
import { runChannelWorker } from "../runtime/channel_main.ts";
import { createProvider } from "./provider.ts";

runChannelWorker(createProvider);
