/** The values used last, bounded by number and size. */

const MAX_VALUES = 32;
const MAX_CHARS = 8 << 20;

export interface Recent<T> {
  get(key: string): T | undefined;
  /** `chars`: the size of its text, as a measure of what it takes. */
  set(key: string, value: T, chars: number): void;
}

export function createRecent<T>(): Recent<T> {
  // In the order of use: the first is the one that nobody asked for longest.
  const values = new Map<string, { readonly value: T; readonly chars: number }>();
  let total = 0;
  const drop = (key: string) => {
    total -= values.get(key)?.chars ?? 0;
    values.delete(key);
  };
  return {
    get(key) {
      const found = values.get(key);
      if (!found) return undefined;
      values.delete(key);
      values.set(key, found);
      return found.value;
    },
    set(key, value, chars) {
      drop(key);
      values.set(key, { value, chars });
      total += chars;
      for (const oldest of values.keys()) {
        if ((values.size <= MAX_VALUES && total <= MAX_CHARS) || oldest === key) break;
        drop(oldest);
      }
    },
  };
}
