/** One account per shipped provider whose platform is a closed port: its worker loads everything, starts and tries. */
import type { AccountConfig } from "../../schemas/worker/manifest.ts";

export interface BenchAccount {
  readonly config: AccountConfig;
  readonly secrets: Readonly<Record<string, string>>;
  /** The library, and its file under tests/bench/libraries that loads it alone. */
  readonly library?: { readonly name: string; readonly file: string };
}

const CLOSED = "http://127.0.0.1:9";

export const ACCOUNTS: Readonly<Record<string, BenchAccount>> = {
  telegram: {
    config: { apiRoot: CLOSED },
    secrets: { botToken: "7001:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc" },
    library: { name: "grammY", file: "telegram" },
  },
  slack: {
    config: { apiRoot: `${CLOSED}/api/` },
    secrets: { botToken: "xoxb-1-2-bench", appToken: "xapp-1-A1-2-bench" },
    library: { name: "Bolt", file: "slack" },
  },
  discord: {
    config: { apiRoot: `${CLOSED}/api` },
    secrets: { token: "MTA3MDAx.bench.bench-bench-bench-bench-bench" },
    library: { name: "discord.js", file: "discord" },
  },
  whatsapp: {
    config: { webSocketUrl: "ws://127.0.0.1:9/" },
    secrets: {},
    library: { name: "Baileys", file: "whatsapp" },
  },
  signal: { config: { httpUrl: CLOSED, account: "+15551230000" }, secrets: {} },
  imessage: { config: { cliPath: "/bin/false" }, secrets: {} },
  bluebubbles: { config: { serverUrl: CLOSED }, secrets: { password: "bench" } },
};
