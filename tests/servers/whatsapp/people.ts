/** Who is on the test server: the owner with a phone, peers, groups, and the one linked device under test. */
import type { BinaryNode } from "@whiskeysockets/baileys";
import { type Bundle, bundleNode, createDevice, type Device } from "./peer.ts";
import { node } from "./link.ts";

export interface Peer {
  readonly number: string;
  readonly lid: string;
  readonly name: string;
  readonly device: Device;
  /** Which of their two addresses messages come from. */
  readonly addressing: "pn" | "lid";
}

export interface Group {
  readonly jid: string;
  readonly subject: string;
  readonly members: readonly Peer[];
  readonly addressing: "pn" | "lid";
}

/** The linked device. */
export interface Companion {
  readonly number: number;
  readonly identity: Uint8Array;
  readonly noiseKey: Uint8Array;
  bundle: Omit<Bundle, "preKey"> | undefined;
  readonly preKeys: { readonly id: number; readonly key: Uint8Array }[];
}

export const pnOf = (person: { readonly number: string }, device = 0): string =>
  `${person.number}${device === 0 ? "" : `:${device}`}@s.whatsapp.net`;
export const lidOf = (person: { readonly lid: string }, device = 0): string =>
  `${person.lid}${device === 0 ? "" : `:${device}`}@lid`;
export const addressOf = (peer: Peer): string => peer.addressing === "lid" ? lidOf(peer) : pnOf(peer);

export interface People {
  readonly owner: Peer;
  companion: Companion | undefined;
  add(number: string, name: string, addressing: Peer["addressing"]): Peer;
  group(subject: string, members: readonly Peer[], addressing: Group["addressing"]): Group;
  /** The person of an address, whichever of their devices it names. */
  find(jid: string): Peer | undefined;
  /** Whether the address is the linked device itself. */
  isCompanion(jid: string): boolean;
  findGroup(jid: string): Group | undefined;
  /** The answer to a question for devices and hidden ids. */
  usync(request: BinaryNode): BinaryNode;
  keys(jids: readonly string[]): Promise<BinaryNode>;
  groupNode(group: Group): BinaryNode;
}

export function createPeople(ownNumber: string): People {
  let nextLid = 700_000_000_001;
  let nextGroup = 120_363_000_000_000_001n;
  const make = (number: string, name: string, addressing: Peer["addressing"]): Peer => ({
    number,
    lid: String(nextLid++),
    name,
    addressing,
    device: createDevice(),
  });
  const owner = make(ownNumber, "Owner", "pn");
  const everybody: Peer[] = [owner];
  const groups: Group[] = [];

  const find = (jid: string): Peer | undefined => {
    const [user = "", server = ""] = jid.split("@");
    const id = user.split(":")[0];
    return everybody.find((peer) =>
      server === "lid" ? peer.lid === id : server === "s.whatsapp.net" && peer.number === id
    );
  };

  function devicesOf(peer: Peer): BinaryNode {
    const companion = peer === owner ? people.companion : undefined;
    const list = [node("device", { id: "0" })];
    if (companion) list.push(node("device", { id: String(companion.number), "key-index": String(companion.number) }));
    return node("devices", {}, [node("device-list", {}, list)]);
  }

  const people: People = {
    owner,
    companion: undefined,
    find,
    isCompanion: (jid) => find(jid) === owner && /:\d+@/u.test(jid),
    add(number, name, addressing) {
      const peer = make(number, name, addressing);
      everybody.push(peer);
      return peer;
    },
    group(subject, members, addressing) {
      const group = { jid: `${nextGroup++}@g.us`, subject, members, addressing };
      groups.push(group);
      return group;
    },
    findGroup: (jid) => groups.find((group) => group.jid === jid),
    usync(request) {
      const jids = usersOf(request);
      const users = jids.flatMap((jid) => {
        const peer = find(jid);
        return peer ? [node("user", { jid }, [devicesOf(peer), node("lid", { val: lidOf(peer) })])] : [];
      });
      return node("usync", {}, [node("list", {}, users)]);
    },
    async keys(jids) {
      const users: BinaryNode[] = [];
      for (const jid of jids) {
        const peer = find(jid);
        const device = Number(/:(\d+)@/u.exec(jid)?.[1] ?? 0);
        const { companion } = people;
        if (peer && device === 0) users.push(bundleNode(jid, await peer.device.bundle()));
        else if (peer === owner && companion?.bundle && device === companion.number) {
          users.push(bundleNode(jid, { ...companion.bundle, preKey: companion.preKeys.shift() }));
        } else users.push(missing(jid));
      }
      return node("list", {}, users);
    },
    groupNode: ({ jid, subject, members, addressing }) =>
      node(
        "group",
        {
          id: jid.split("@")[0] ?? "",
          subject,
          addressing_mode: addressing,
          creation: "1700000000",
          s_t: "1700000000",
          creator: pnOf(owner),
        },
        [owner, ...members].map((peer) =>
          addressing === "lid"
            ? node("participant", { jid: lidOf(peer), phone_number: pnOf(peer) })
            : node("participant", { jid: pnOf(peer), lid: lidOf(peer) })
        ),
      ),
  };
  return people;
}

const missing = (jid: string): BinaryNode =>
  node("user", { jid }, [node("error", { code: "404", text: "item-not-found" })]);

function usersOf(request: BinaryNode): string[] {
  const usync = childOf(request, "usync");
  const list = usync && childOf(usync, "list");
  return childrenOf(list).flatMap(({ attrs }) => attrs["jid"] === undefined ? [] : [attrs["jid"]]);
}

export const childrenOf = (parent: BinaryNode | undefined): readonly BinaryNode[] =>
  Array.isArray(parent?.content) ? parent.content : [];
export const childOf = (parent: BinaryNode, tag: string): BinaryNode | undefined =>
  childrenOf(parent).find((child) => child.tag === tag);
