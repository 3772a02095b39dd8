/** Agent ids as session keys use them (sessions facts, section 1). */

const AGENT_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/u;
const MAX_LENGTH = 64;

/** Lower case, illegal runs become `-`, at most 64 characters; nothing left means `main`. */
export function normalizeAgentId(input: string): string {
  const id = input.trim().toLowerCase();
  if (AGENT_ID.test(id)) return id;
  return id.replaceAll(/[^a-z0-9_-]+/gu, "-").replace(/^[-_]+/u, "").slice(0, MAX_LENGTH).replace(/-+$/u, "") || "main";
}
