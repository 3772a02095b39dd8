/** Ids of our own last messages: a removed reaction does not say whose message it was on. */
const MAX_IDS = 2_000;

export interface Recent {
  add(id: string): void;
  has(id: string): boolean;
}

export function createRecent(): Recent {
  const ids = new Set<string>();
  return {
    add(id) {
      ids.add(id);
      const [oldest] = ids;
      if (ids.size > MAX_IDS && oldest !== undefined) ids.delete(oldest);
    },
    has: (id) => ids.has(id),
  };
}
