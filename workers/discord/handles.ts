/** Reply handles: the short-lived address of a slash command's answer, written so that it outlives this process. */
import type { Interaction } from "./wire.ts";

/** Discord takes answers for fifteen minutes; the last seconds may be lost on the way. */
const VALID_MS = 15 * 60_000 - 15_000;

export interface Handle {
  readonly applicationId: string;
  readonly token: string;
  readonly expiresAt: number;
}

export const writeHandle = ({ application_id: id, token }: Interaction, now: number): string =>
  `${id}/${now + VALID_MS}/${token}`;

/** Undefined: it is none of ours, or over. */
export function readHandle(written: string | undefined, now: number): Handle | undefined {
  const [, applicationId, expires, token] = /^(\d{1,32})\/(\d{1,16})\/([^/\s]+)$/u.exec(written ?? "") ?? [];
  if (applicationId === undefined || token === undefined || Number(expires) <= now) return undefined;
  return { applicationId, token, expiresAt: Number(expires) };
}
