/** The few marks that Slack's mrkdwn knows, and the escaping of everything else. */

export const escapeText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export const unescapeText = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** Slack reads a mark only beside a blank or punctuation; an invisible blank makes it one in mid-word, as in Chinese. */
export const JOINER = "\u200B";

/** `<url|label>`. A bar or bracket in the label would end it. */
export function link(url: string, label: string): string {
  const address = escapeText(url.replaceAll("|", "%7C").replaceAll("<", "%3C").replaceAll(">", "%3E"));
  const shown = label.replaceAll("|", "¦").replaceAll(/\s+/gu, " ").trim();
  return shown === "" || shown === address ? `<${address}>` : `<${address}|${shown}>`;
}

/** Code in a line; it cannot hold backticks. */
export const code = (text: string): string => `\`${escapeText(text.replaceAll("`", "ˋ"))}\``;

export const pre = (text: string): string => `\`\`\`\n${escapeText(text.replaceAll("```", "ˋˋˋ"))}\n\`\`\``;

/**
 * Tokens that mention a person, a channel or a user group stay what they are. Those that ring at everybody (`<!channel>`,
 * `<!here>`, `<!everyone>`) never do: what an agent writes may have been put into its mouth.
 */
export const isMention = (token: string): boolean =>
  /^<(?:@[UW]|#C|!subteam\^S)[A-Z0-9]{2,30}(?:\|[^<>|]{1,80})?>$/u.test(token);
