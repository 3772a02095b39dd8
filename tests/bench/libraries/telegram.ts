/** grammY alone in a worker. */
import "./shim.ts";

await import("grammy/web");
postMessage("ready");
