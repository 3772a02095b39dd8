/** What outlives a reload and is no secret: drafts, the open session, theme and language. */
import { keepUnder } from "../../page/keep.ts";

export const keep = keepUnder("openclaw.webchat.");

export const draftName = (sessionKey: string): string => `draft:${sessionKey}`;
