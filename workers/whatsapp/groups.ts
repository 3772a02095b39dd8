/** What is known of groups: asked for once, kept for a while, forgotten when a group changes. */
import type { GroupMetadata } from "@whiskeysockets/baileys";
import { within } from "./wait.ts";

const KEEP_MS = 5 * 60 * 1000;
const MAX = 500;
/** A title is worth no long wait. */
const WAIT_MS = 3_000;

export interface GroupCache {
  /** Without asking anybody. */
  peek(jid: string): GroupMetadata | undefined;
  /** Undefined when WhatsApp does not tell in time. */
  title(jid: string): Promise<string | undefined>;
  forget(jid: string): void;
}

export function createGroups(
  ask: (jid: string) => Promise<GroupMetadata>,
  now: () => number = Date.now,
): GroupCache {
  const known = new Map<string, { readonly at: number; readonly data: GroupMetadata }>();
  const asking = new Map<string, Promise<GroupMetadata | undefined>>();

  function peek(jid: string): GroupMetadata | undefined {
    const entry = known.get(jid);
    return entry && now() - entry.at < KEEP_MS ? entry.data : undefined;
  }

  function learn(jid: string): Promise<GroupMetadata | undefined> {
    const running = asking.get(jid);
    if (running) return running;
    const work = ask(jid).then((data) => {
      known.delete(jid);
      known.set(jid, { at: now(), data });
      const [oldest] = known.keys();
      if (known.size > MAX && oldest !== undefined) known.delete(oldest);
      return data;
    }, () => undefined).finally(() => asking.delete(jid));
    asking.set(jid, work);
    return work;
  }

  return {
    peek,
    async title(jid) {
      const data = peek(jid);
      if (data) return data.subject || undefined;
      const found = await within(WAIT_MS, learn(jid));
      return found?.subject || undefined;
    },
    forget: (jid) => void known.delete(jid),
  };
}
