/** Entry of the iMessage worker that speaks with the program imsg. */
import "../runtime/bootstrap.ts";
import { runChannelWorker } from "../runtime/channel_main.ts";
import { createProvider } from "./provider.ts";

runChannelWorker(createProvider);
