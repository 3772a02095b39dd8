/** What the process of a node needs: one gateway, the folders it shows, the programs it may run, and nothing else. */
import { HOST_ENV, namesInConfig, PLAIN_ENV } from "../../observe/env_capture.ts";
import { outermost, type PermissionSet, secretFilesOf } from "../../config/permissions.ts";
import { readConfigFile } from "../../config/read_file.ts";
import type { Env } from "../../observe/home.ts";
import { pathFolders } from "./environment.ts";
import { isWithin } from "./folders.ts";
import { notifyProgram } from "./notify.ts";
import type { NodeSettings } from "./settings.ts";

const SECRETS = ["OPENCLAW_GATEWAY_TOKEN", "OPENCLAW_GATEWAY_PASSWORD"];

/** Each program by its name or path: Deno looks names up in PATH when the process starts. */
export async function nodePermissions(node: NodeSettings, env: Env): Promise<PermissionSet> {
  const { settings, target, allowDirs, programs } = node;
  const { raw, parsed } = await readConfigFile(settings.configPath);
  const notifier = notifyProgram();
  const gateway = typeof parsed === "object" && parsed !== null && "gateway" in parsed ? parsed.gateway : undefined;
  return {
    net: [hostPortOf(target.url)],
    read: outermost([
      settings.stateDir,
      settings.configPath,
      ...allowDirs,
      ...searchFolders(env, node),
      ...secretFilesOf(gateway),
    ]),
    write: [settings.stateDir],
    env: [...new Set([...PLAIN_ENV, ...SECRETS, ...HOST_ENV, ...namesInConfig(raw ?? "")])],
    sys: ["hostname"],
    run: [...new Set([...programs, ...(notifier === undefined ? [] : [notifier])])],
  };
}

/**
 * The folders of PATH, in which programs are looked for. One that holds the person's whole home is left out, and so is
 * one that a flag cannot name.
 */
export function searchFolders(env: Env, { home }: Pick<NodeSettings, "home">): readonly string[] {
  return pathFolders(env).filter((folder) =>
    !/[\s,]/u.test(folder) && folder !== "/" && (home === undefined || !isWithin(home, folder))
  );
}

/** `host:port` of a ws or wss address. */
export function hostPortOf(address: string): string {
  const url = new URL(address);
  return `${url.hostname}:${url.port || (url.protocol === "wss:" ? "443" : "80")}`;
}
