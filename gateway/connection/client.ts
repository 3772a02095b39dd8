/** An authenticated connection, as the rest of the gateway sees it. */
import type { ConnectClient } from "../../schemas/connect.ts";
import type { Protocol } from "../../schemas/frame.ts";
import type { Grant } from "../auth/grant.ts";
import type { Recipient } from "../bus.ts";

/** How the client proved who it is. */
export type AuthMethod = "none" | "token" | "password" | "device-token" | "bootstrap-token";

/** Everything the handshake established. */
export interface ClientIdentity {
  readonly connId: string;
  readonly protocol: Protocol;
  readonly grant: Grant;
  readonly method: AuthMethod;
  readonly info: ConnectClient;
  readonly caps: ReadonlySet<string>;
  /** Present when the client proved possession of a device key. */
  readonly deviceId: string | undefined;
  /** The client's address as reported in presence; undefined for a local client. */
  readonly remoteIp: string | undefined;
  readonly local: boolean;
  /** As the client called us: its Host header, and whether it came over HTTPS (also before a trusted proxy). */
  readonly host: string | undefined;
  readonly secure: boolean;
  readonly connectedAtMs: number;
  /** Node declarations; empty for operators. */
  readonly node: NodeClaims | undefined;
}

export interface NodeClaims {
  readonly caps: readonly string[];
  readonly commands: readonly string[];
  readonly permissions: Readonly<Record<string, boolean>>;
  readonly pathEnv: string | undefined;
}

export interface Client extends ClientIdentity, Recipient {
  /** Names the party whose idempotency keys share one space: the device, or the kind of client when it has none. */
  readonly principal: string;
  /** Topics such as `sessions` or `messages:<key>`; they die with the socket. */
  readonly topics: Set<string>;
  /** Closes the socket. `reason` is cut to 120 bytes. */
  close(code: number, reason: string): void;
}
