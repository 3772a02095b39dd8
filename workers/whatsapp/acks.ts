/** WhatsApp's word on each message that we sent: taken, or refused with a code. */
import type { BinaryNode } from "@whiskeysockets/baileys";
import { ProviderError } from "../runtime/provider.ts";
import { connectionLost, refusedMessage } from "./errors.ts";

const DEADLINE_MS = 30_000;

export interface Acks {
  /** Resolves when WhatsApp has taken the message. Call before it is sent. */
  wait(messageId: string): { readonly taken: Promise<void>; cancel(): void };
  take(node: BinaryNode): void;
  /** The connection ended: nobody will answer any more. */
  lost(): void;
}

export function createAcks(): Acks {
  const waiting = new Map<string, { resolve(): void; reject(error: Error): void }>();
  return {
    wait(messageId) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const settle = (action: () => void): void => {
        clearTimeout(timer);
        waiting.delete(messageId);
        action();
      };
      const timer = setTimeout(() =>
        settle(() =>
          reject(
            new ProviderError({
              code: "timeout",
              message: `WhatsApp did not confirm the message within ${DEADLINE_MS / 1000} s`,
              retryable: true,
              outcome: "unknown",
            }),
          )
        ), DEADLINE_MS);
      // An older wait for the same id is a send that was given up: this one takes its place.
      waiting.get(messageId)?.reject(connectionLost());
      waiting.set(messageId, {
        resolve: () => settle(resolve),
        reject: (error) => settle(() => reject(error)),
      });
      promise.catch(() => {});
      return { taken: promise, cancel: () => settle(() => {}) };
    },
    take({ attrs }) {
      const entry = waiting.get(attrs["id"] ?? "");
      const code = attrs["error"];
      if (code === undefined) entry?.resolve();
      else entry?.reject(refusedMessage(code));
    },
    lost() {
      for (const entry of [...waiting.values()]) entry.reject(connectionLost());
    },
  };
}
