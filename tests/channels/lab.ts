/** A real gateway process with accounts of the fake provider, each with a platform of its own. */
import { FAKE_MAIN, type GatewayOptions, TestGateway } from "../helpers/gateway.ts";
import type { Json, TestClient } from "../helpers/client.ts";
import { eventually } from "../helpers/wait.ts";
import { type FakePlatform, type PlatformOptions, startFakePlatform } from "../servers/fake/platform.ts";

export interface ChannelLab extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly a: FakePlatform;
  readonly b: FakePlatform;
  readonly client: TestClient;
  /** The account as `channels.status` shows it. */
  account(accountId: string, channel?: string): Promise<Json>;
  waitState(accountId: string, state: string, channel?: string): Promise<Json>;
  /** config.patch with the present hash. */
  patch(raw: unknown): Promise<Json>;
}

export interface LabOptions {
  readonly channels?: Json;
  readonly gateway?: GatewayOptions;
  readonly platform?: PlatformOptions;
  readonly accountA?: Json;
}

export const OPEN = { dmPolicy: "open", allowFrom: ["*"] };

/** Accounts `a` and `b`, open to everybody, both connected. */
export async function startLab(options: LabOptions = {}): Promise<ChannelLab> {
  const a = startFakePlatform(options.platform);
  const b = startFakePlatform(options.platform);
  const stops = new AsyncDisposableStack();
  stops.use(a);
  stops.use(b);
  try {
    const gateway = stops.use(
      await TestGateway.start({
        main: FAKE_MAIN,
        ...options.gateway,
        config: {
          channels: {
            fake: { ...OPEN, accounts: { a: { url: a.url, ...options.accountA }, b: { url: b.url } } },
            ...options.channels,
          },
          ...options.gateway?.config,
        },
      }),
    );
    const client = stops.use(await gateway.connect());
    const account = async (accountId: string, channel = "fake"): Promise<Json> => {
      const status = await client.request("channels.status", {});
      const rows = (status["channelAccounts"] as Record<string, Json[]>)[channel] ?? [];
      return rows.find((row) => row["accountId"] === accountId) ?? {};
    };
    return {
      gateway,
      a,
      b,
      client,
      account,
      waitState: (accountId, state, channel) =>
        eventually(`account ${accountId} ${state}`, async () => {
          const row = await account(accountId, channel);
          return row["state"] === state ? row : undefined;
        }),
      async patch(raw) {
        const { hash } = await client.request("config.get", {});
        return await client.request("config.patch", { raw: JSON.stringify(raw), baseHash: hash });
      },
      [Symbol.asyncDispose]: () => stops.disposeAsync(),
    };
  } catch (error) {
    await stops.disposeAsync();
    throw error;
  }
}
