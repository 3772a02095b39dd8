/** Tests of `channels`: accounts out of the file, each with its own faults. */
import assert from "node:assert/strict";
import { Open, Type } from "../../schemas/primitives.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import { envOf } from "../observe/env_capture.ts";
import { configFromText, type LoadedConfig } from "./load.ts";
import { pathsOf } from "./paths.ts";
import { accountRights, gatewayPermissions } from "./permissions.ts";
import type { ChannelAccount } from "./types.ts";

const capabilities: ChannelManifest["capabilities"] = {
  maxText: 4000,
  maxLines: 0,
  edit: true,
  reactions: true,
  typing: true,
  readReceipts: false,
  threads: false,
  buttons: false,
  polls: undefined,
  mediaIn: true,
  mediaOut: true,
  mediaMaxMb: 5,
  nativeCommands: false,
  idempotentSend: false,
  detectsMentions: true,
  streaming: "edit",
  paceMs: 0,
};

const bot: ChannelManifest = {
  id: "bot",
  label: "Bot",
  personal: false,
  singleSession: true,
  capabilities,
  config: Open({ apiRoot: Type.Optional(Type.String()), linkPreview: Type.Optional(Type.Boolean()) }),
  secrets: ["botToken"],
  env: { botToken: "BOT_TOKEN" },
  missing: (_config, secrets) => secrets.has("botToken") ? [] : ["channels.bot.botToken is not set"],
  permissions: ({ apiRoot }) => ({
    net: [typeof apiRoot === "string" ? new URL(apiRoot).host : "api.bot.example:443"],
    sys: ["osRelease"],
    run: [],
  }),
  foreignAddresses: ({ apiRoot }) => typeof apiRoot === "string" ? [apiRoot] : [],
  login: [],
  webhookPath: () => undefined,
  setup: [],
};

async function load(config: Record<string, unknown>, variables: Record<string, string> = {}): Promise<LoadedConfig> {
  const env = envOf({ HOME: "/home/ann", ...variables });
  return await configFromText(JSON.stringify(config), { env, paths: pathsOf(env), manifests: [bot] });
}

function account({ config }: LoadedConfig, accountId = "default"): ChannelAccount {
  const found = config.channels.accounts.find((each) => each.accountId === accountId);
  assert.ok(found, `there is an account ${accountId}`);
  return found;
}

Deno.test("a channel without accounts is one account, and its secret is no setting of it", async () => {
  const loaded = await load({ channels: { bot: { botToken: "123:abc", allowFrom: [7, "8"], name: "Mine" } } });
  const { config, secrets, isDefault, name, problem, enabled, isolation } = account(loaded);
  assert.deepEqual(config, { allowFrom: ["7", "8"], delivery: {} });
  assert.equal(secrets["botToken"]?.reveal(), "123:abc");
  assert.deepEqual({ isDefault, name, problem, enabled, isolation }, {
    isDefault: true,
    name: "Mine",
    problem: undefined,
    enabled: true,
    isolation: "worker",
  });
  assert.doesNotMatch(JSON.stringify(loaded.config.channels), /123:abc/u);
});

Deno.test("an account's own keys win over the channel's, and the channel's token is the default account's alone", async () => {
  const loaded = await load({
    channels: {
      bot: {
        botToken: "base",
        dmPolicy: "allowlist",
        linkPreview: true,
        accounts: { work: { botToken: "work", linkPreview: false }, spare: {} },
      },
    },
  });
  assert.equal(account(loaded).secrets["botToken"]?.reveal(), "base");
  assert.equal(account(loaded, "work").secrets["botToken"]?.reveal(), "work");
  assert.equal(account(loaded, "work").config["linkPreview"], false);
  assert.equal(account(loaded, "work").config["dmPolicy"], "allowlist");
  assert.equal(account(loaded, "spare").secrets["botToken"], undefined);
  assert.equal(account(loaded, "spare").problem?.state, "unconfigured");
  assert.equal(account(loaded, "spare").problem?.userAction, "set_token");
});

Deno.test("the variable of the environment is for the default account alone", async () => {
  const loaded = await load({ channels: { bot: { accounts: { default: {}, work: {} } } } }, { BOT_TOKEN: "from-env" });
  assert.equal(account(loaded).secrets["botToken"]?.reveal(), "from-env");
  assert.deepEqual(account(loaded).secretSources, { botToken: "env" });
  assert.equal(account(loaded, "work").secrets["botToken"], undefined);
});

Deno.test("a secret may stand in a file or a variable that the account names", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "from-file\n");
    await Deno.chmod(path, 0o600);
    const loaded = await load({
      channels: { bot: { botTokenFile: path, accounts: { default: {}, b: { botToken: "${OTHER}" } } } },
    }, { OTHER: "from-variable" });
    assert.equal(account(loaded).secrets["botToken"]?.reveal(), "from-file");
    assert.deepEqual(account(loaded).needs.read, [path]);
    assert.equal(account(loaded, "b").secrets["botToken"]?.reveal(), "from-variable");
    assert.deepEqual(account(loaded, "b").needs.env, ["OTHER"]);
    assert.ok(gatewayPermissions(loaded, []).read.includes(path), "main may read the file");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("an account with a fault is disabled with its issue, the others are not", async () => {
  const loaded = await load({
    channels: {
      bot: {
        accounts: {
          good: { botToken: "a" },
          bad: { botToken: "b", linkPreview: "often" },
          lost: { botToken: "${NO}" },
        },
      },
    },
  });
  assert.equal(account(loaded, "good").problem, undefined);
  assert.equal(account(loaded, "bad").problem?.state, "disabled");
  assert.match(account(loaded, "bad").problem?.sentence ?? "", /linkPreview must be boolean/u);
  assert.equal(account(loaded, "lost").problem?.state, "disabled");
  assert.match(account(loaded, "lost").problem?.sentence ?? "", /\$\{NO\}/u);
  const paths = loaded.config.issues.map(({ path }) => path);
  assert.deepEqual(paths.toSorted(), ["channels.bot.accounts.bad", "channels.bot.accounts.lost"]);
  assert.deepEqual(
    loaded.invalid.map(({ path }) => path),
    ["channels.bot.accounts.bad"],
    "a variable is no fault of the file",
  );
});

Deno.test("two accounts with one token would fight: the second one is disabled and says with whom", async () => {
  const loaded = await load({ channels: { bot: { accounts: { a: { botToken: "same" }, b: { botToken: "same" } } } } });
  assert.equal(account(loaded, "a").problem, undefined);
  assert.match(account(loaded, "b").problem?.sentence ?? "", /same credentials as the account "a"/u);
});

Deno.test("unknown keys and channels are warnings that name the nearest known one", async () => {
  const loaded = await load({
    channels: { bott: {}, bot: { botToken: "x", dmPolcy: "open", accounts: { a: { nmae: "A" } } } },
  });
  const texts = loaded.config.warnings.map(({ path, message }) => `${path}: ${message}`);
  assert.ok(texts.some((text) => /channels\.bott: .*did you mean "bot"/u.test(text)), texts.join("\n"));
  assert.ok(texts.some((text) => /channels\.bot\.dmPolcy: .*did you mean "dmPolicy"/u.test(text)), texts.join("\n"));
  assert.ok(
    texts.some((text) => /channels\.bot\.accounts\.a\.nmae: .*did you mean "name"/u.test(text)),
    texts.join("\n"),
  );
});

Deno.test("defaults of all channels and the older places of settings end up in one place", async () => {
  const loaded = await load({
    delivery: { unknown: "resend" },
    channels: {
      defaults: { groupPolicy: "open", heartbeat: { showOk: true } },
      bot: {
        botToken: "x",
        dm: { policy: "open", allowFrom: ["*"] },
        accounts: { default: {}, b: { botToken: "y", dm: { enabled: false }, delivery: { unknown: "hold" } } },
      },
    },
  });
  const { config } = account(loaded);
  assert.equal(config["dmPolicy"], "open");
  assert.deepEqual(config["allowFrom"], ["*"]);
  assert.equal(config["groupPolicy"], "open");
  assert.deepEqual(config["heartbeat"], { showOk: true });
  assert.deepEqual(config["delivery"], { unknown: "resend" });
  assert.equal(account(loaded, "b").config["dmPolicy"], "disabled");
  assert.deepEqual(account(loaded, "b").config["delivery"], { unknown: "hold" });
});

Deno.test("the fingerprint changes with what the worker uses, and not with what main reads live", async () => {
  const of = async (keys: Record<string, unknown>) =>
    account(await load({ channels: { bot: { botToken: "x", ...keys } } })).fingerprint;
  const base = await of({});
  assert.equal(await of({ dmPolicy: "open", allowFrom: ["*"], groups: { "*": {} }, name: "N" }), base);
  assert.notEqual(await of({ linkPreview: false }), base);
  assert.notEqual(await of({ botToken: "y" }), base);
  assert.notEqual(await of({ isolation: "process" }), base);
  assert.notEqual(await of({ enabled: false }), base);
  assert.equal(
    await of({ linkPreview: true, apiRoot: "http://h:1" }),
    await of({ apiRoot: "http://h:1", linkPreview: true }),
  );
});

Deno.test("main gets the rights of the enabled accounts and nothing of the others", async () => {
  const loaded = await load({
    channels: {
      bot: {
        accounts: {
          a: { botToken: "a" },
          b: { botToken: "b", apiRoot: "http://127.0.0.1:9", isolation: "process" },
          c: { botToken: "c", apiRoot: "http://off:1", enabled: false },
        },
      },
    },
  });
  const set = gatewayPermissions(loaded, []);
  assert.ok(set.net.includes("api.bot.example:443"));
  assert.ok(set.net.includes("127.0.0.1:9"));
  assert.ok(!set.net.includes("off:1"));
  assert.deepEqual(set.run, [Deno.execPath()], "process isolation runs deno itself");
  assert.deepEqual(accountRights(account(loaded, "a"), [bot]).run, []);
  assert.deepEqual(gatewayPermissions(await load({}), []).run, []);
});
