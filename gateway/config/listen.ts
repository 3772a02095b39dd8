/** Which addresses the gateway opens for `gateway.bind`, and when it refuses to. */
import type { Config } from "./types.ts";

export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
  readonly kind: "loopback" | "lan" | "tailnet" | "custom";
  /** A host without it (IPv6 switched off) still starts. */
  readonly optional: boolean;
}

export interface ListenPlan {
  readonly addresses: readonly ListenAddress[];
  /** Set when the gateway must not start: what is wrong and what to set. */
  readonly refusal?: string;
  readonly warning?: string;
}

/** An address of a network interface, as `Deno.networkInterfaces()` lists it. */
export interface InterfaceAddress {
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
}

/** `interfaces` is called only for the binds that need it, because it needs a permission. */
export function planListen(gateway: Config["gateway"], interfaces: () => readonly InterfaceAddress[]): ListenPlan {
  const plan = rawPlan(gateway, interfaces);
  const open = gateway.auth.mode === "none" && plan.addresses.some(({ kind }) => kind !== "loopback");
  if (!open) return plan;
  return {
    addresses: [],
    refusal:
      `Cannot listen on ${describe(plan.addresses)}: gateway.auth.mode is "none", and everybody who reaches that ` +
      "address would own this gateway; set gateway.auth.token (or OPENCLAW_GATEWAY_TOKEN) and remove the mode, or set " +
      'gateway.bind to "loopback"',
  };
}

function rawPlan(
  { bind, port, customBindHost, auth }: Config["gateway"],
  interfaces: () => readonly InterfaceAddress[],
): ListenPlan {
  const own = loopback(port);
  const at = (hostname: string, kind: ListenAddress["kind"]): ListenAddress => ({
    hostname,
    port,
    kind,
    optional: false,
  });
  const noTailnet = "no tailnet address (100.64.0.0/10) was found on this host: listening on loopback only";
  switch (bind) {
    case "loopback":
      return { addresses: own };
    case "lan":
      // The wildcard holds 127.0.0.1 already; ::1 is beside it because browsers try it first for `localhost`.
      return { addresses: [at("0.0.0.0", "lan"), ...own.filter(({ hostname }) => hostname === "::1")] };
    case "tailnet": {
      const address = tailnetAddress(interfaces());
      return address === undefined
        ? { addresses: own, warning: `gateway.bind is "tailnet" and ${noTailnet}` }
        : { addresses: [...own, at(address, "tailnet")] };
    }
    case "auto": {
      const address = auth.mode === "none" ? undefined : tailnetAddress(interfaces());
      return { addresses: address === undefined ? own : [...own, at(address, "tailnet")] };
    }
    case "custom":
      if (customBindHost === undefined) {
        return {
          addresses: [],
          refusal: 'Cannot listen: gateway.bind is "custom" and gateway.customBindHost is not set',
        };
      }
      if (!isIp(customBindHost)) {
        return {
          addresses: [],
          refusal: `Cannot listen on "${customBindHost}": gateway.customBindHost must be an address`,
        };
      }
      if (own.some(({ hostname }) => hostname === customBindHost)) return { addresses: own };
      return {
        addresses: [
          ...beside(customBindHost, own),
          at(customBindHost, isLoopbackIp(customBindHost) ? "loopback" : "custom"),
        ],
      };
  }
}

/** Loopback stays open beside a named address, so that the printed link and the CLI work; a wildcard has it already. */
const beside = (host: string, own: readonly ListenAddress[]): readonly ListenAddress[] =>
  host === "0.0.0.0" || host === "::" ? [] : own;

const loopback = (port: number): ListenAddress[] => [
  { hostname: "127.0.0.1", port, kind: "loopback", optional: false },
  { hostname: "::1", port, kind: "loopback", optional: true },
];

/** The first address of 100.64.0.0/10, which Tailscale gives out. */
function tailnetAddress(interfaces: readonly InterfaceAddress[]): string | undefined {
  return interfaces.find(({ family, address }) => {
    const [first, second] = address.split(".").map(Number);
    return family === "IPv4" && first === 100 && second !== undefined && second >= 64 && second <= 127;
  })?.address;
}

const isLoopbackIp = (host: string): boolean => host === "::1" || /^127(\.\d{1,3}){3}$/u.test(host);
const isIp = (host: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/u.test(host)
    ? host.split(".").every((part) => Number(part) < 256)
    : /^[0-9a-f:]+:[0-9a-f:]*$/iu.test(host);

/** `host:port`, with brackets around IPv6. */
export const hostPort = (hostname: string, port: number): string =>
  hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;

export const describe = (addresses: readonly Pick<ListenAddress, "hostname" | "port">[]): string =>
  addresses.map(({ hostname, port }) => hostPort(hostname, port)).join(", ");
