/** How manifests read an account's configuration: texts and addresses. Pure, so that main may load it with a manifest. */
import type { AccountConfig } from "../../schemas/worker/manifest.ts";

/** The trimmed text under `key`; undefined when it is absent or blank. */
export const text = (config: AccountConfig, key: string): string | undefined => {
  const value = config[key];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
};

/** The address when it is http or https. */
export function httpUrl(written: string): URL | undefined {
  const url = URL.parse(written);
  return url !== null && (url.protocol === "https:" || url.protocol === "http:") ? url : undefined;
}

/** `host:port` as a net permission takes it, the scheme's own port written out. */
export const hostOf = (url: URL): string => `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
