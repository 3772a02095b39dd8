/** What outlives a reload and is no secret: drafts, the open session, theme and language. */

const PREFIX = "openclaw.webchat.";

/** Storage can be switched off or full; the page then works without a memory. */
export const keep = {
  get(name: string): string | undefined {
    try {
      return localStorage.getItem(PREFIX + name) ?? undefined;
    } catch {
      return undefined;
    }
  },
  set(name: string, value: string | undefined): void {
    try {
      if (value) localStorage.setItem(PREFIX + name, value);
      else localStorage.removeItem(PREFIX + name);
    } catch {
      // Nothing to do: see above.
    }
  },
};

export const draftName = (sessionKey: string): string => `draft:${sessionKey}`;
