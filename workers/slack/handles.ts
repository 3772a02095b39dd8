/** Reply handles: the short-lived address of a slash command's answer, written so that it outlives this process. */

/** Slack takes answers for thirty minutes; the last seconds may be lost on the way. */
const VALID_MS = 30 * 60_000 - 30_000;

export interface Handle {
  readonly url: string;
  readonly expiresAt: number;
}

export const writeHandle = (url: string, now: number): string => `${now + VALID_MS}/${url}`;

/** Undefined: it is none of ours. `expiresAt` is for the caller to look at. */
export function readHandle(written: string | undefined): Handle | undefined {
  const [, expires, url] = /^(\d{1,16})\/(https?:\/\/\S+)$/u.exec(written ?? "") ?? [];
  return url === undefined ? undefined : { url, expiresAt: Number(expires) };
}
