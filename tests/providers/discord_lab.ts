/** The real Discord worker under its real permission set, before our fake of Discord. */
import { type ChannelWorker, type ChannelWorkerOptions, startChannelWorker } from "../helpers/channel_worker.ts";
import { manifest } from "../../workers/discord/manifest.ts";
import { type FakeDiscord, startFakeDiscord } from "../servers/discord/server.ts";

export interface DiscordLab extends AsyncDisposable {
  readonly discord: FakeDiscord;
  readonly worker: ChannelWorker;
  readonly config: Record<string, unknown>;
  /** Another worker of the same account, as after a crash or a restart. */
  again(options?: Partial<ChannelWorkerOptions>): Promise<ChannelWorker>;
}

export interface DiscordLabOptions {
  readonly config?: Record<string, unknown>;
  readonly token?: string;
  /** Before the worker starts. */
  readonly prepare?: (discord: FakeDiscord) => void;
  /** The state that the worker is expected to reach. Default: connected. */
  readonly until?: "connected" | "bad_credentials" | "reconnecting";
  readonly saved?: Record<string, unknown>;
}

export async function startDiscordLab(options: DiscordLabOptions = {}): Promise<DiscordLab> {
  const discord = await startFakeDiscord();
  options.prepare?.(discord);
  const config = {
    apiRoot: discord.apiRoot,
    retry: { minDelayMs: 50, maxDelayMs: 500 },
    ...options.config,
  };
  const workers: ChannelWorker[] = [];
  const start = async (more: Partial<ChannelWorkerOptions> = {}): Promise<ChannelWorker> => {
    const worker = await startChannelWorker({
      entry: new URL("../../workers/discord/main.ts", import.meta.url),
      permissions: manifest.permissions(config),
      config,
      secrets: { token: options.token ?? discord.world.token },
      ...more,
    });
    workers.push(worker);
    return worker;
  };
  const worker = await start(options.saved === undefined ? {} : { saved: options.saved });
  await worker.waitState(options.until ?? "connected");
  return {
    discord,
    worker,
    config,
    again: start,
    async [Symbol.asyncDispose]() {
      for (const each of workers) await each[Symbol.asyncDispose]();
      await discord.stop();
    },
  };
}
