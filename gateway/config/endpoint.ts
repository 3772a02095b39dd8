/** Addresses of model endpoints as permissions name them. */

/** `host:port` as `--allow-net` takes it, the default port written out; undefined when `url` is not http or https. */
export function netHost(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== "http:" && parsed.protocol !== "https:")) return undefined;
  const port = parsed.port || (parsed.protocol === "https:" ? "443" : "80");
  return `${parsed.hostname}:${port}`;
}
