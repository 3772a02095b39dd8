/** The apps of the workspace: their tokens, scopes and bots. */
export const ALL_SCOPES: readonly string[] = [
  "app_mentions:read",
  "channels:history",
  "channels:read",
  "chat:write",
  "commands",
  "files:read",
  "files:write",
  "groups:history",
  "groups:read",
  "im:history",
  "im:read",
  "im:write",
  "mpim:history",
  "mpim:read",
  "reactions:read",
  "reactions:write",
  "users:read",
];

export interface BotAccount {
  readonly appId: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly userId: string;
  readonly botId: string;
  readonly scopes: Set<string>;
  /** What `assistant.threads.setStatus` showed. */
  readonly statuses: string[];
  /** The error with which every call is refused from now on. */
  revoked: string | undefined;
}
