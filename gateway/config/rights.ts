/** What an account or a whole configuration needs and the process does not hold. */
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import type { LoadedConfig } from "./load.ts";
import type { ListenAddress } from "./listen.ts";
import {
  accountRights,
  CATEGORIES,
  gatewayPermissions,
  missingPermissions,
  NO_PERMISSIONS,
  type PermissionSet,
} from "./permissions.ts";
import type { ChannelAccount } from "./types.ts";

/** What the process holds, as it can be asked while it runs. */
export interface HeldRights {
  /** Entries of `needed` that are not granted. */
  missing(needed: PermissionSet): PermissionSet;
  /** Whether the variable was read at start; what was not is out of reach until a restart. */
  readsVariable(name: string): boolean;
}

/** `variables`: the names that were captured at start; the permission to read others was given back. */
export const heldRights = (variables: ReadonlySet<string>): HeldRights => ({
  missing: missingPermissions,
  readsVariable: (name) => variables.has(name),
});

/** What this account alone lacks; disabled ones need nothing. */
export function lacks(account: ChannelAccount, manifests: readonly ChannelManifest[], held: HeldRights): PermissionSet {
  if (!account.enabled) return NO_PERMISSIONS;
  const missing = held.missing({ ...accountRights(account, manifests), env: [] });
  return { ...missing, env: account.needs.env.filter((name) => !held.readsVariable(name)) };
}

/** What the whole configuration lacks. */
export function lacksInAll(loaded: LoadedConfig, listen: readonly ListenAddress[], held: HeldRights): PermissionSet {
  const needed = gatewayPermissions(loaded, listen);
  return { ...held.missing(needed), env: needed.env.filter((name) => !held.readsVariable(name)) };
}

export const isEmpty = (set: PermissionSet): boolean => CATEGORIES.every((name) => set[name].length === 0);

/** `--allow-net=a,b --allow-run=c`: for people, so entries with a space are shown as they are. */
export const asFlags = (set: PermissionSet): string =>
  CATEGORIES.filter((name) => set[name].length > 0).map((name) => `--allow-${name}=${set[name].join(",")}`).join(" ");

/** The account as it is shown while it waits for rights: not started, with what a person must do. */
export function waitingForRights(account: ChannelAccount, missing: PermissionSet): ChannelAccount {
  return {
    ...account,
    problem: {
      kind: "rights",
      state: "unconfigured",
      sentence: `It needs rights that this process was started without: restart the gateway, which adds ${
        asFlags(missing)
      }`,
      userAction: "restart_gateway",
    },
  };
}
