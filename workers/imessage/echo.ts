/** Own texts that come back as if somebody else had written them: macOS sets the flag of its own messages late. */

const MAX = 512;

export interface Echoes {
  /** Before the text leaves: the echo may be faster than the answer. Returns how to take it back. */
  expect(chat: string, text: string): () => void;
  /** Whether this is an echo; each expected one counts once. */
  take(chats: readonly string[], text: string): boolean;
}

export function createEchoes(windowMs: number, now: () => number = Date.now): Echoes {
  let expected: { readonly chat: string; readonly text: string; readonly until: number }[] = [];
  return {
    expect(chat, text) {
      const entry = { chat: plain(chat), text: plain(text), until: now() + windowMs };
      expected = [...expected.slice(-(MAX - 1)), entry];
      return () => void (expected = expected.filter((each) => each !== entry));
    },
    take(chats, text) {
      const at = now();
      expected = expected.filter(({ until }) => until > at);
      const names = new Set(chats.map(plain));
      const found = expected.find((each) => names.has(each.chat) && each.text === plain(text));
      if (!found) return false;
      expected = expected.filter((each) => each !== found);
      return true;
    },
  };
}

/** Messages may change white space and direction marks. */
const plain = (text: string): string => text.toLowerCase().replaceAll(/[\s\p{Cf}]+/gu, " ").trim();
