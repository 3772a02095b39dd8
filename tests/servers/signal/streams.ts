/** The daemon's event streams: who reads, in which form the bytes go out, and what nobody reads is lost. */
import type { ServerResponse } from "node:http";

export interface StreamOptions {
  readonly keepAliveMs: number;
  /** `bytes`: every byte by itself, so that a reader sees every possible split. */
  readonly split: "whole" | "bytes";
  readonly lineEnd: "\n" | "\r\n" | "\r";
  /** Spreads the JSON over several `data:` lines. */
  readonly manyLines: boolean;
  /** Numbers events and gives late readers what they missed, as newer daemons do. */
  readonly keepsEvents: boolean;
}

export interface Streams {
  /** Streams that are open. */
  readonly open: number;
  /** How often one was opened. */
  readonly opened: number;
  /** Events that nobody read. */
  readonly lost: number;
  add(response: ServerResponse, account: string | undefined, lastEventId: string | undefined): void;
  /** Resolves when the bytes are written to every reader of the account. */
  event(account: string, data: unknown): Promise<void>;
  /** Writes as it is. */
  raw(text: string): Promise<void>;
  /** Cuts every stream. */
  drop(): void;
  /** Zombies: open, and without a byte from now on. */
  silent: boolean;
}

interface Reader {
  readonly response: ServerResponse;
  readonly account: string | undefined;
  queue: Promise<void>;
}

const KEPT = 1000;

export function createStreams(options: StreamOptions): Streams {
  const readers = new Set<Reader>();
  const kept: { readonly id: number; readonly account: string; readonly text: string }[] = [];
  let opened = 0;
  let lost = 0;
  let ids = 0;

  const write = (reader: Reader, text: string): Promise<void> => {
    reader.queue = reader.queue.then(async () => {
      if (streams.silent) return;
      const bytes = new TextEncoder().encode(text);
      if (options.split === "whole") return void reader.response.write(bytes);
      for (const byte of bytes) {
        if (reader.response.destroyed) return;
        reader.response.write(Uint8Array.of(byte));
        await new Promise<void>((resolve) => setTimeout(resolve, 0));
      }
    });
    return reader.queue;
  };

  function textOf(data: unknown, id: number): string {
    const lines = options.manyLines ? JSON.stringify(data, null, 1).split("\n") : [JSON.stringify(data)];
    return [
      "event:receive",
      ...(options.keepsEvents ? [`id:${id}`] : []),
      ...lines.map((line) => `data:${line}`),
      "",
      "",
    ]
      .join(options.lineEnd);
  }

  const isFor = (account: string) => (each: { readonly account: string | undefined }): boolean =>
    each.account === undefined || each.account === account;

  const streams: Streams = {
    silent: false,
    get open() {
      return readers.size;
    },
    get opened() {
      return opened;
    },
    get lost() {
      return lost;
    },
    add(response, account, lastEventId) {
      opened++;
      response.socket?.setNoDelay(true);
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
      response.flushHeaders();
      const reader: Reader = { response, account, queue: Promise.resolve() };
      readers.add(reader);
      const timer = setInterval(() => void write(reader, `:${options.lineEnd}${options.lineEnd}`), options.keepAliveMs);
      response.once("close", () => {
        clearInterval(timer);
        readers.delete(reader);
      });
      if (!options.keepsEvents || lastEventId === undefined) return;
      const at = kept.findIndex(({ id }) => String(id) === lastEventId);
      for (const { account: owner, text } of kept.slice(at + 1)) {
        if (account === undefined || account === owner) void write(reader, text);
      }
    },
    async event(account, data) {
      const id = ++ids;
      const text = textOf(data, id);
      if (options.keepsEvents) kept.push({ id, account, text });
      if (kept.length > KEPT) kept.shift();
      const for_ = [...readers].filter(isFor(account));
      if (for_.length === 0 || streams.silent) lost++;
      await Promise.all(for_.map((reader) => write(reader, text)));
    },
    async raw(text) {
      await Promise.all([...readers].map((reader) => write(reader, text)));
    },
    drop() {
      for (const { response } of readers) response.destroy();
    },
  };
  return streams;
}
