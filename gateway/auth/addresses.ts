/** IP addresses as text: normal form, loopback, Tailscale's ranges, the network that a rate limit counts as one. */
import { isIPv4, isIPv6 } from "node:net";

/** One spelling per address: no brackets, no zone, IPv4-mapped IPv6 as IPv4, lower case. Undefined when it is no IP. */
export function normalAddress(text: string): string | undefined {
  let address = text.trim().toLowerCase();
  if (address.startsWith("[") && address.endsWith("]")) address = address.slice(1, -1);
  address = address.replace(/%.*$/u, "");
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return undefined;
  const groups = expandIpv6(address);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]).join(".");
  }
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** The eight groups of a valid IPv6 address. */
function expandIpv6(address: string): number[] {
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const parse = (part: string) => part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return parse(head);
  const before = parse(head);
  const after = parse(tail);
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** 127.0.0.0/8 and ::1; the address in normal form. */
export const isLoopback = (address: string): boolean =>
  address === "::1" || (isIPv4(address) && address.startsWith("127."));

/** Tailscale's ranges: 100.64.0.0/10 and fd7a:115c:a1e0::/48; the address in normal form. */
export function isTailnetAddress(address: string): boolean {
  if (isIPv4(address)) {
    const [first, second] = address.split(".").map(Number);
    return first === 100 && second !== undefined && second >= 64 && second <= 127;
  }
  return address.startsWith("fd7a:115c:a1e0:");
}

/**
 * What a rate limit counts as one address. One customer gets a whole /64 of IPv6, so that counting single addresses
 * there would give an attacker 2^64 fresh counters.
 */
export function limitedNetwork(address: string): string {
  if (!isIPv6(address)) return address;
  return `${expandIpv6(address).slice(0, 4).map((group) => group.toString(16)).join(":")}::/64`;
}
