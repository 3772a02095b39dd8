/** Bolt alone in a worker. */
import "./shim.ts";

await import("@slack/bolt");
postMessage("ready");
