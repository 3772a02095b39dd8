/** `openclaw channels permissions`: what the worker of each account may do, derived from the file; needs no gateway. */
import { loadConfig } from "../config/load.ts";
import { pathsOf } from "../config/paths.ts";
import { Secret } from "../secrets/secret.ts";
import { channelPermissions, workerFlags } from "../supervisor/permissions.ts";
import { channelEntries } from "../supervisor/shipped.ts";
import type { Command } from "./context.ts";
import { configured } from "./gateway_boot.ts";
import { clean } from "./output.ts";

export const permissionsCommand: Command = async ({ out, env }, options, [wanted]) => {
  const manifests = channelEntries().map(({ manifest }) => manifest);
  // The rights do not depend on secrets, so none is read.
  const unread = new Secret("unread");
  const { config } = await loadConfig({
    env,
    paths: configured(() => pathsOf(env)),
    manifests,
    resolve: () => ({ ok: true, secret: unread }),
  });
  const rows = config.channels.accounts.filter(({ channel }) => wanted === undefined || channel === wanted).map(
    (each) => {
      const { channel, accountId, enabled, isolation } = each;
      const manifest = manifests.find(({ id }) => id === channel);
      return {
        channel,
        accountId,
        enabled,
        isolation,
        ...rightsOf(() => manifest?.permissions(each.config), () => manifest?.foreignAddresses(each.config)),
      };
    },
  );
  if (options.flag("json")) return out.json({ accounts: rows });
  if (rows.length === 0) return out.line("No channel is configured.");
  for (const { channel, accountId, enabled, isolation, flags, foreignAddresses, fault } of rows) {
    const host = isolation === "process" ? "a process of its own" : "a worker";
    out.line(out.style("bold", clean(`${channel}, account ${accountId}: ${enabled ? host : "disabled"}`)));
    for (const flag of flags) out.line(`  ${clean(flag)}`);
    for (const address of foreignAddresses) out.line(clean(`  ${address} is not the platform's own address`));
    if (fault !== undefined) out.line(clean(`  ${fault}`));
  }
  out.line("The gateway itself holds these together, and what it needs beside them: openclaw permissions");
};

type Rights = Parameters<typeof channelPermissions>[0];

function rightsOf(permissions: () => Rights | undefined, foreign: () => readonly string[] | undefined) {
  try {
    const asked = permissions();
    const flags = asked === undefined ? [] : workerFlags(channelPermissions(asked));
    return { flags, foreignAddresses: foreign() ?? [], fault: undefined };
  } catch (error) {
    return { flags: [], foreignAddresses: [], fault: error instanceof Error ? error.message : String(error) };
  }
}
