/** One client's connection at the test server, from the handshake to the end. */
import type { BinaryNode, proto } from "@whiskeysockets/baileys";
import { createFrames, createResponder, frame } from "./noise.ts";

interface KeyPair {
  readonly public: Uint8Array;
  readonly private: Uint8Array;
}

export interface Link {
  /** Who the client said that it is; set after the handshake. */
  readonly payload: proto.ClientPayload | undefined;
  /** Nothing is sent or heard any more, and the socket stays open. */
  mute(): void;
  send(node: BinaryNode): void;
  close(): void;
  readonly closed: boolean;
}

export interface LinkEvents {
  onPayload(link: Link, payload: proto.ClientPayload, clientKey: Uint8Array): void;
  onNode(link: Link, node: BinaryNode): Promise<void>;
  onClose(link: Link): void;
  /** The client broke the protocol; the connection is over. */
  onFault(reason: string): void;
}

export function createLink(socket: WebSocket, root: KeyPair, events: LinkEvents): Link {
  const noise = createResponder(root);
  let payload: proto.ClientPayload | undefined;
  let stage: "hello" | "finish" | "open" = "hello";
  let muted = false;
  let closed = false;
  /** Nodes are handled in the order of their frames. */
  let queue = Promise.resolve();
  socket.binaryType = "arraybuffer";

  const fault = (error: unknown): void => {
    if (closed) return;
    events.onFault(error instanceof Error ? error.message : String(error));
    link.close();
  };

  const write = (data: Uint8Array): void => {
    if (!muted && socket.readyState === WebSocket.OPEN) socket.send(new Uint8Array(frame(data)));
  };

  function take(data: Buffer): void {
    if (stage === "hello") {
      write(noise.hello(data));
      stage = "finish";
    } else if (stage === "finish") {
      const client = noise.finish(data);
      payload = client.payload;
      stage = "open";
      events.onPayload(link, client.payload, client.clientKey);
    } else {
      const sealed = Buffer.from(data);
      queue = queue.then(async () => await events.onNode(link, await noise.decrypt(sealed))).catch(fault);
    }
  }

  const link: Link = {
    get payload() {
      return payload;
    },
    get closed() {
      return closed;
    },
    mute: () => muted = true,
    send: (node) => write(noise.encrypt(node)),
    close() {
      if (closed) return;
      closed = true;
      if (socket.readyState < WebSocket.CLOSING) socket.close();
      events.onClose(link);
    },
  };
  const frames = createFrames(take);
  socket.onmessage = ({ data }) => {
    if (muted) return;
    try {
      frames.push(new Uint8Array(data));
    } catch (error) {
      fault(error);
    }
  };
  socket.onclose = () => link.close();
  socket.onerror = () => link.close();
  return link;
}

/** A node without content or with some. */
export function node(tag: string, attrs: Record<string, string> = {}, content?: BinaryNode["content"]): BinaryNode {
  return { tag, attrs, ...content === undefined ? {} : { content } };
}
