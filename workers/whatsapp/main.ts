/** Entry of the WhatsApp worker. */
import "../runtime/bootstrap.ts";
import "./quiet_console.ts";
import { runChannelWorker } from "../runtime/channel_main.ts";
import { createProvider } from "./provider.ts";

runChannelWorker(createProvider);
