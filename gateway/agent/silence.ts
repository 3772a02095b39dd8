/** `NO_REPLY`: how a model says that it has nothing to say (sessions facts, section 6). */

const TOKEN = "NO_REPLY";

/** Whether a complete reply is not to be shown: empty, or the token at its start or end as a word of its own. */
export function isSilent(text: string): boolean {
  const reply = text.trim();
  return reply === "" || /^NO_REPLY(?!\w)/u.test(reply) || /(?<!\w)NO_REPLY$/u.test(reply);
}

/** Whether a reply that has begun like this may still turn out silent; until then nothing of it is shown. */
export function mayBeSilent(text: string): boolean {
  if (text.length > 64) return isTokenFirst(text.trimStart());
  const reply = text.trimStart();
  return TOKEN.startsWith(reply) || isTokenFirst(reply);
}

const isTokenFirst = (reply: string): boolean => reply.startsWith(TOKEN) && !/\w/u.test(reply.charAt(TOKEN.length));
