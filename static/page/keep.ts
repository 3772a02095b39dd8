/** What outlives a reload and is no secret. Storage can be switched off or full; the page then works without a memory. */

export interface Keep {
  get(name: string): string | undefined;
  /** Undefined and the empty text forget the name. */
  set(name: string, value: string | undefined): void;
}

/** Names of each page begin with its own `prefix`: all pages of the gateway share one storage. */
export const keepUnder = (prefix: string): Keep => ({
  get(name) {
    try {
      return localStorage.getItem(prefix + name) ?? undefined;
    } catch {
      return undefined;
    }
  },
  set(name, value) {
    try {
      if (value) localStorage.setItem(prefix + name, value);
      else localStorage.removeItem(prefix + name);
    } catch {
      // Nothing to do: see above.
    }
  },
});
