/** Every worker there is, for the supervisor: manifests and entry URLs. Nothing of a worker's code is loaded by main. */
import type { ChannelManifest } from "../schemas/worker/manifest.ts";
import { manifest as bluebubbles } from "./bluebubbles/manifest.ts";
import { manifest as discord } from "./discord/manifest.ts";
import { manifest as signal } from "./signal/manifest.ts";
import { manifest as imessage } from "./imessage/manifest.ts";
import { manifest as slack } from "./slack/manifest.ts";
import { manifest as telegram } from "./telegram/manifest.ts";
import { manifest as whatsapp } from "./whatsapp/manifest.ts";

/** The agent worker: model access and the tool loop. Speaks `schemas/worker/agent.ts`. */
export const AGENT_WORKER_URL = new URL("./agent/main.ts", import.meta.url);

const entry = (manifest: ChannelManifest): { readonly manifest: ChannelManifest; readonly entry: URL } => ({
  manifest,
  entry: new URL(`./${manifest.id}/main.ts`, import.meta.url),
});

/** The messaging providers in display order; each lives in the folder of its id and speaks `schemas/worker/channel.ts`. */
export const CHANNELS: readonly { readonly manifest: ChannelManifest; readonly entry: URL }[] = [
  entry(telegram),
  entry(slack),
  entry(discord),
  entry(whatsapp),
  entry(signal),
  entry(imessage),
  entry(bluebubbles),
];
