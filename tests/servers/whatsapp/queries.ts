/** Questions of a client (`iq`) that the test server answers; all others are refused and written down. */
import { type BinaryNode, getBinaryNodeChildBuffer } from "@whiskeysockets/baileys";
import { verifySignature } from "libsignal/src/curve.js";
import { node } from "./link.ts";
import type { MediaHost } from "./media_host.ts";
import { readKey } from "./peer.ts";
import { childOf, childrenOf, type People } from "./people.ts";

export interface QueryParts {
  readonly people: People;
  readonly media: MediaHost;
  /** A device asks to be linked by code, or to be removed. */
  readonly onLinkCode: (request: BinaryNode) => BinaryNode[];
  readonly onRemove: (jid: string) => void;
  readonly readReceipts: () => "all" | "none";
}

/** The content of the answer; undefined when the question is not known. Throws when it is malformed. */
export async function answerQuery(parts: QueryParts, request: BinaryNode): Promise<BinaryNode[] | undefined> {
  const { people, media } = parts;
  const { xmlns, type, to } = request.attrs;
  const [first] = childrenOf(request);
  switch (`${xmlns} ${type} ${first?.tag ?? ""}`.trim()) {
    case "w:p get ping":
    case "w:p get":
    case "passive set active":
    case "passive set passive":
    case "w:stats set add":
    case "urn:xmpp:whatsapp:dirty set clean":
      return [];
    case "encrypt get count":
      return [node("count", { value: String(people.companion?.preKeys.length ?? 0) })];
    case "encrypt get digest":
      return [node("digest", {}, [node("registration")])];
    case "encrypt set registration":
      upload(people, request);
      return [];
    case "encrypt set rotate":
      return [];
    case "encrypt get key":
      return [
        await people.keys(childrenOf(first).flatMap(({ attrs }) => attrs["jid"] === undefined ? [] : [attrs["jid"]])),
      ];
    case "abt get props":
      return [node("props", { hash: "h1" }, [node("prop", { name: "x", value: "1" })])];
    case "blocklist get":
      return [node("list")];
    case "privacy get privacy":
      return [node("privacy", {}, [node("category", { name: "readreceipts", value: parts.readReceipts() })])];
    case "privacy set tokens":
      return [];
    case "usync get usync":
      return [people.usync(request)];
    case "w:m set media_conn":
      return [node("media_conn", { auth: media.auth, ttl: "3600" }, [
        node("host", { hostname: media.host, maxContentLengthBytes: "104857600" }),
      ])];
    case "w:g2 get query": {
      const group = people.findGroup(to ?? "");
      return [group ? people.groupNode(group) : node("error", { code: "404", text: "item-not-found" })];
    }
    case "md set link_code_companion_reg":
      return first ? parts.onLinkCode(first) : undefined;
    case "md set remove-companion-device":
      parts.onRemove(first?.attrs["jid"] ?? "");
      return [];
    default:
      return undefined;
  }
}

/** Keeps a device's keys, which must be signed by the identity that was linked. */
function upload(people: People, request: BinaryNode): void {
  const { companion } = people;
  if (!companion) throw new Error("keys of a device that is not linked");
  const identity = getBinaryNodeChildBuffer(request, "identity");
  const registration = getBinaryNodeChildBuffer(request, "registration");
  const skey = childOf(request, "skey");
  if (!(identity instanceof Uint8Array) || !(registration instanceof Uint8Array) || !skey) {
    throw new Error("an upload of keys is incomplete");
  }
  if (!Buffer.from(identity).equals(companion.identity)) throw new Error("keys of another identity");
  const signed = readKey(skey);
  const text = Buffer.concat([Buffer.from([5]), signed.key]);
  const own = Buffer.concat([Buffer.from([5]), identity]);
  if (!signed.signature || !verifySignature(own, text, Buffer.from(signed.signature))) {
    throw new Error("the signed pre-key is not signed by the identity");
  }
  const known = new Set(companion.preKeys.map(({ id }) => id));
  for (const key of childrenOf(childOf(request, "list")).map(readKey)) {
    if (known.has(key.id)) throw new Error(`pre-key ${key.id} was uploaded before`);
    companion.preKeys.push(key);
  }
  companion.bundle = {
    registrationId: Buffer.from(registration).readUInt32BE(),
    identity,
    signed: { id: signed.id, key: signed.key, signature: signed.signature },
  };
}
