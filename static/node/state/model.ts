/** What the page knows, all of it, in one value. */
import type { Connection } from "../../client/protocol.ts";

/** What a person can switch. `microphone` is part of the camera's clips. */
export const ABILITIES = ["canvas", "camera", "microphone", "screen", "location", "notify"] as const;
export type Ability = typeof ABILITIES[number];

/** What the browser itself says to an ability. `unknown`: it does not tell. `missing`: it cannot do it at all. */
export type Permission = "granted" | "denied" | "prompt" | "unknown" | "missing";

/** Something that runs now, shown with a Stop button. */
export interface Job {
  readonly id: number;
  readonly ability: Ability;
  readonly command: string;
  readonly startedAt: number;
  /** When it ends by itself, if that is known. */
  readonly endsAt: number | undefined;
  /** What the camera sees, for the person in front of it. */
  readonly stream: MediaStream | undefined;
}

/** A question to the person; only one at a time is on the page. */
export type Ask =
  | { readonly kind: "screen"; readonly id: number; readonly endsAt: number; readonly seconds: number }
  | { readonly kind: "open"; readonly id: number; readonly url: string };

/** A page in the frame. `name` is for the person. */
export interface Shown {
  readonly kind: "path" | "url" | "a2ui";
  readonly name: string;
  readonly src: string;
  /** Grows with every load, so that the same address can be loaded anew. */
  readonly load: number;
}

/** What the gateway says of this node. */
export interface Standing {
  readonly name: string | undefined;
  /** Set while the owner has not yet allowed what this node can do. */
  readonly pendingRequestId: string | undefined;
  readonly pendingCommands: readonly string[];
  readonly commands: readonly string[];
  readonly off: readonly { readonly command: string; readonly reason: string }[];
}

/** A notice that an agent asked for, shown in the page itself. */
export interface Overlay {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

export interface State {
  /** Which tab of this browser runs the node. */
  readonly tab: "waiting" | "mine" | "elsewhere";
  readonly connection: Connection;
  readonly deviceId: string | undefined;
  readonly gatewayVersion: string | undefined;
  readonly standing: Standing | undefined;
  readonly switches: Readonly<Record<Ability, boolean>>;
  readonly permissions: Readonly<Record<Ability, Permission>>;
  readonly jobs: readonly Job[];
  readonly ask: Ask | undefined;
  readonly shown: Shown | undefined;
  readonly overlays: readonly Overlay[];
}
