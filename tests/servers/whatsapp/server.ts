/**
 * A test server that speaks WhatsApp's own protocol: Noise XX, binary nodes, linking, Signal sessions, groups, attachments.
 *
 * Who wrote it: we did, on the exported helpers of the client library that it tests. Codec and cryptography are shared, so
 * a fault of both is invisible here; the protocol's rules (order, signatures, who may send what) are written anew.
 */
import type { BinaryNode, proto } from "@whiskeysockets/baileys";
import { eventually } from "../../helpers/wait.ts";
import { createLink, type Link, node } from "./link.ts";
import { type MediaHost, startMediaHost } from "./media_host.ts";
import { addressOf, childOf, childrenOf, createPeople, type Group, lidOf, type Peer, pnOf } from "./people.ts";
import { beginCodeLogin, type Candidate, checkDeviceSignature, type CodeLogin, pairSuccess, readQr } from "./phone.ts";
import { answerQuery } from "./queries.ts";
import { TEST_ROOT } from "./test_keys.ts";
import { createTraffic, type SayOptions, type Sent, textOf } from "./traffic.ts";

const ROOT = { private: Buffer.from(TEST_ROOT.private, "hex"), public: Buffer.from(TEST_ROOT.public, "hex") };
/** Versions of the web client before this one are refused, as WhatsApp does. */
const OLDEST_VERSION = 1_000_000_000;

export interface FakeWhatsApp extends AsyncDisposable {
  /** For `channels.whatsapp.webSocketUrl`. */
  readonly url: string;
  readonly host: string;
  readonly media: MediaHost;
  readonly owner: Peer;
  /** Messages that the device sent, as receivers saw them; repeats are left out. */
  readonly sent: readonly Sent[];
  readonly repeated: ReadonlyMap<string, number>;
  /** Every node of a kind that the device sent, such as `receipt`, `presence`, `chatstate`. */
  nodes(tag: string): readonly BinaryNode[];
  /** What the device did that WhatsApp would not bear. Should stay empty. */
  readonly faults: readonly string[];
  readonly logins: number;
  readonly connected: boolean;
  readonly linked: boolean;
  undelivered(): readonly string[];
  person(number: string, options?: { readonly name?: string; readonly addressing?: Peer["addressing"] }): Peer;
  group(subject: string, members: readonly Peer[], addressing?: Group["addressing"]): Group;
  /** The owner scans the code on the phone. Throws on a code that is not the current one. */
  scan(qr: string): void;
  /** The owner types the code on the phone. */
  enterCode(code: string): Promise<void>;
  /** Somebody writes to the account. Waits for the device where it is away. Resolves with the message's id. */
  say(from: Peer, message: string | proto.IMessage, options?: SayOptions): Promise<string>;
  /** Sends an earlier message once more, with the same ciphertext. */
  repeat(id: string): void;
  receipt(messageId: string, from: Peer, type?: "read"): void;
  waitSent(what: string, find: (sent: Sent) => boolean): Promise<Sent>;
  waitText(text: string): Promise<Sent>;
  waitConnected(logins?: number): Promise<void>;
  /** Refuses the next messages of the device with this code. */
  refuseMessages(count: number, code: string): void;
  fault(fault: Fault): void;
  /** Refuses the next logins and registrations with this code. */
  refuseLogins(count: number, code: number): void;
  readReceipts(value: "all" | "none"): void;
  /** Says no more to the device's receipts than that they came. */
  holdAcks(hold: boolean): void;
}

export type Fault = "stream:515" | "stream:503" | "stream:500" | "conflict" | "failure:401" | "drop" | "dead air";

export interface FakeOptions {
  readonly number?: string;
  readonly port?: number;
}

export function startFakeWhatsApp(options: FakeOptions = {}): FakeWhatsApp {
  const people = createPeople(options.number ?? "4915100000001");
  const media = startMediaHost();
  const traffic = createTraffic(people);
  const faults: string[] = [];
  const heard: BinaryNode[] = [];
  const links = new Set<Link>();
  let current: Link | undefined;
  let candidate: (Candidate & { readonly noiseKey: Uint8Array }) | undefined;
  let registering: { readonly link: Link; readonly noiseKey: Uint8Array; readonly refs: readonly string[] } | undefined;
  let code: CodeLogin | undefined;
  let logins = 0;
  let refused = { count: 0, code: 401 };
  let readReceipts: "all" | "none" = "all";
  let holding = false;
  let devices = 0;

  function welcome(link: Link, payload: proto.ClientPayload, noiseKey: Uint8Array): void {
    if (refused.count > 0) {
      refused.count--;
      link.send(node("failure", { reason: String(refused.code), location: "test" }));
      return link.close();
    }
    if ((payload.userAgent?.appVersion?.tertiary ?? 0) < OLDEST_VERSION) {
      link.send(node("failure", { reason: "405" }));
      return link.close();
    }
    if (payload.devicePairingData) register(link, noiseKey);
    else login(link, payload, noiseKey);
  }

  function register(link: Link, noiseKey: Uint8Array): void {
    const refs = Array.from({ length: 6 }, (_, index) => `ref-${index}-${crypto.randomUUID()}`);
    registering = { link, noiseKey, refs };
    const content = refs.map((ref) => node("ref", {}, Buffer.from(ref)));
    link.send(node("iq", { id: "pair-1", from: "s.whatsapp.net", type: "set", xmlns: "md" }, [
      node("pair-device", {}, content),
    ]));
  }

  function login(link: Link, payload: proto.ClientPayload, noiseKey: Uint8Array): void {
    const { companion, owner } = people;
    const known = companion && String(payload.username) === owner.number && payload.device === companion.number;
    if (!known || !Buffer.from(noiseKey).equals(Buffer.from(companion.noiseKey))) {
      link.send(node("failure", { reason: "401" }));
      return link.close();
    }
    // One connection at a time: the older one is told so.
    if (current && current !== link) {
      current.send(node("stream:error", {}, [node("conflict", { type: "replaced" })]));
      current.close();
    }
    current = link;
    logins++;
    link.send(node("success", { t: String(Math.floor(Date.now() / 1000)), lid: lidOf(owner, companion.number) }));
    const waiting = [...traffic.undelivered.values()];
    for (const stanza of waiting) link.send({ ...stanza, attrs: { ...stanza.attrs, offline: "1" } });
    link.send(node("ib", { from: "s.whatsapp.net" }, [node("offline", { count: String(waiting.length) })]));
  }

  function pair(link: Link, device: Candidate, noiseKey: Uint8Array): void {
    const number = ++devices;
    candidate = { ...device, noiseKey };
    const jid = pnOf(people.owner, number);
    const lid = lidOf(people.owner, number);
    link.send(pairSuccess(people.owner.device.identity, device, { id: "pair-2", jid, lid, keyIndex: number }));
  }

  function paired(link: Link, answer: BinaryNode): void {
    if (!candidate) return;
    checkDeviceSignature(people.owner.device.identity, candidate, answer);
    people.companion = {
      number: devices,
      identity: candidate.identity,
      noiseKey: candidate.noiseKey,
      bundle: undefined,
      preKeys: [],
    };
    candidate = registering = code = undefined;
    link.send(node("stream:error", { code: "515" }));
    link.close();
  }

  function linkCode(link: Link, request: BinaryNode): BinaryNode[] {
    if (request.attrs["stage"] === "companion_hello") {
      code = beginCodeLogin(people.owner.device.identity, request);
      return [node("link_code_companion_reg", {}, [node("link_code_pairing_ref", {}, code.ref)])];
    }
    const device = code?.finish(request);
    const noiseKey = registering?.noiseKey;
    if (!device || !noiseKey) throw new Error("a pairing code was finished that nobody began");
    queueMicrotask(() => pair(link, device, noiseKey));
    return [];
  }

  async function onNode(link: Link, stanza: BinaryNode): Promise<void> {
    heard.push(stanza);
    const { id = "", type, to } = stanza.attrs;
    const server = { from: "s.whatsapp.net" };
    switch (stanza.tag) {
      case "iq": {
        if (type === "result") return id === "pair-2" ? paired(link, stanza) : undefined;
        const content = await answerQuery({
          people,
          media,
          onLinkCode: (request) => linkCode(link, request),
          onRemove: () => queueMicrotask(() => forget(link)),
          readReceipts: () => readReceipts,
        }, stanza);
        if (content) return link.send(node("iq", { id, type: "result", from: to ?? server.from }, content));
        faults.push(`an unknown question: ${stanza.attrs["xmlns"]} ${type} ${childrenOf(stanza)[0]?.tag}`);
        return link.send(node("iq", { id, type: "error", ...server }, [node("error", { code: "501" })]));
      }
      case "message": {
        if (link !== current) throw new Error("a message before the login");
        const ack = await traffic.take(stanza);
        return holding ? undefined : link.send(ack);
      }
      case "receipt": {
        const again = await traffic.receipt(stanza);
        link.send(node("ack", { id, class: "receipt", from: to ?? server.from, ...type ? { type } : {} }));
        return again && link.send(again);
      }
      case "ack":
        if (stanza.attrs["class"] === "message") refusedByDevice(stanza);
        return;
    }
  }

  /** A device that could not read a message says so; the server does not send it again by itself. */
  function refusedByDevice({ attrs }: BinaryNode): void {
    if (attrs["error"] === undefined || attrs["error"] === "500") return;
    faults.push(`the device refused the message ${attrs["id"]} with ${attrs["error"]}`);
  }

  function forget(link: Link): void {
    people.companion = undefined;
    link.send(node("stream:error", { code: "401" }, [node("conflict", { type: "device_removed" })]));
    link.close();
  }

  const http = Deno.serve({ hostname: "127.0.0.1", port: options.port ?? 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== "/ws/chat" || request.headers.get("origin") !== "https://web.whatsapp.com") {
      return new Response("Forbidden", { status: 403 });
    }
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    const link = createLink(socket, ROOT, {
      onPayload: welcome,
      onNode,
      onFault: (reason) => faults.push(reason),
      onClose(closed) {
        links.delete(closed);
        if (closed === current) current = undefined;
        if (closed === registering?.link) registering = undefined;
      },
    });
    links.add(link);
    return response;
  });
  const host = `127.0.0.1:${http.addr.port}`;

  function fault(what: Fault): void {
    const link = current;
    if (!link) throw new Error("Cannot do harm: the device is not connected");
    if (what === "dead air") return link.mute();
    if (what === "conflict") link.send(node("stream:error", {}, [node("conflict", { type: "replaced" })]));
    else if (what === "failure:401") link.send(node("failure", { reason: "401" }));
    else if (what !== "drop") link.send(node("stream:error", { code: what.split(":")[1] ?? "500" }));
    link.close();
  }

  const server: FakeWhatsApp = {
    url: `ws://${host}/ws/chat`,
    host,
    media,
    owner: people.owner,
    sent: traffic.sent,
    repeated: traffic.repeated,
    faults,
    nodes: (tag) => heard.filter((item) => item.tag === tag),
    get logins() {
      return logins;
    },
    get connected() {
      return current !== undefined;
    },
    get linked() {
      return people.companion !== undefined;
    },
    undelivered: () => [...traffic.undelivered.keys()],
    person: (number, { name = `Person ${number}`, addressing = "pn" } = {}) => people.add(number, name, addressing),
    group: (subject, members, addressing = "lid") => people.group(subject, members, addressing),
    scan(qr) {
      const { ref, noiseKey, ...device } = readQr(qr);
      if (!registering?.refs.includes(ref)) throw new Error("Cannot scan the code: it is not a current one");
      if (Buffer.from(registering.noiseKey).toString("base64") !== noiseKey) {
        throw new Error("Cannot scan the code: it is of another connection");
      }
      pair(registering.link, device, registering.noiseKey);
    },
    async enterCode(text) {
      if (!code || !registering) throw new Error("Cannot enter the code: no device asked for one");
      registering.link.send(await code.enter(text.replace("-", "")));
    },
    async say(from, message, more = {}) {
      const content = typeof message === "string" ? { conversation: message } : message;
      const stanza = await traffic.say(from, content, more);
      current?.send(stanza);
      return stanza.attrs["id"] ?? "";
    },
    repeat(id) {
      const stanza = traffic.undelivered.get(id);
      if (!stanza) throw new Error(`Cannot repeat "${id}": it has arrived`);
      current?.send({ ...stanza, attrs: { ...stanza.attrs, offline: "1" } });
    },
    receipt(messageId, from, type) {
      const attrs = { id: messageId, from: addressOf(from), t: String(Math.floor(Date.now() / 1000)) };
      current?.send(node("receipt", { ...attrs, ...type ? { type } : {} }));
    },
    waitSent: (what, find) => eventually(what, () => traffic.sent.find(find), 15_000),
    waitText: (text) =>
      eventually(`"${text}" at the receiver`, () => traffic.sent.find((item) => textOf(item.message) === text), 15_000),
    async waitConnected(count = 1) {
      await eventually(`login ${count}`, () => logins >= count && current !== undefined, 15_000);
    },
    refuseMessages: traffic.refuse,
    fault,
    refuseLogins: (count, status) => refused = { count, code: status },
    readReceipts: (value) => readReceipts = value,
    holdAcks: (hold) => holding = hold,
    async [Symbol.asyncDispose]() {
      for (const link of [...links]) link.close();
      await Promise.all([http.shutdown(), media[Symbol.asyncDispose]()]);
    },
  };
  return server;
}

export { childOf, textOf };
export type { Group, Peer, Sent };
