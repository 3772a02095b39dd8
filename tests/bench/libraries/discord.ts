/** discord.js alone in a worker. */
import "./shim.ts";

await import("discord.js");
postMessage("ready");
