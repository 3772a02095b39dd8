/** Which addresses belong to the open internet. Anything else is not fetched: it may be this host or its neighbours. */
import { BlockList, isIP, isIPv6 } from "node:net";

const IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  // Link-local: the metadata service of clouds answers here.
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** Only 2000::/3 is the open internet; these parts of it are not, or hide an IPv4 address. */
const IPV6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

/** Whether `address` (an IP address, brackets and zone allowed) is a public one. Anything that is not an address is not. */
export type AddressRule = (address: string) => boolean;

export function createPublicAddressRule(): AddressRule {
  const blocked = new BlockList();
  for (const [net, prefix] of IPV4) blocked.addSubnet(net, prefix, "ipv4");
  for (const [net, prefix] of IPV6) blocked.addSubnet(net, prefix, "ipv6");
  const open = new BlockList();
  open.addSubnet("2000::", 3, "ipv6");
  return (given) => {
    const address = given.replace(/^\[|\]$/gu, "").replace(/%.*$/u, "");
    const mapped = mappedIPv4(address);
    if (mapped !== undefined) return isIP(mapped) === 4 && !blocked.check(mapped, "ipv4");
    if (isIPv6(address)) return open.check(address, "ipv6") && !blocked.check(address, "ipv6");
    return isIP(address) === 4 && !blocked.check(address, "ipv4");
  };
}

/** `::ffff:1.2.3.4`, also with the address in hexadecimal, as sockets and URLs show it. */
function mappedIPv4(address: string): string | undefined {
  const [, dotted] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu.exec(address) ?? [];
  if (dotted !== undefined) return dotted;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/iu.exec(address) ?? [];
  if (high === undefined || low === undefined) return undefined;
  return [high, low].map((part) => parseInt(part, 16)).flatMap((part) => [part >> 8, part & 255]).join(".");
}
