/** Baileys alone in a worker. */
import "./shim.ts";

await import("@whiskeysockets/baileys");
postMessage("ready");
