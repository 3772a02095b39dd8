/** The few HTML tags that Telegram knows, and the escaping of everything else. */

/** A piece of a message: as HTML, and how many UTF-16 units of it are seen, which is what Telegram counts. */
export interface Piece {
  readonly html: string;
  readonly visible: number;
}

export const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const escapeAttribute = (text: string): string => escapeHtml(text).replaceAll('"', "&quot;");

export const plain = (text: string): Piece => ({ html: escapeHtml(text), visible: text.length });

export const joined = (pieces: readonly Piece[], separator = ""): Piece => ({
  html: pieces.map(({ html }) => html).join(separator),
  visible: pieces.reduce((sum, { visible }) => sum + visible, 0) + separator.length * Math.max(0, pieces.length - 1),
});

export type Tag = "b" | "i" | "s" | "tg-spoiler" | "blockquote";

export const tagged = (tag: Tag, { html, visible }: Piece): Piece =>
  visible === 0 ? { html, visible } : { html: `<${tag}>${html}</${tag}>`, visible };

export const code = (text: string): Piece => ({ html: `<code>${escapeHtml(text)}</code>`, visible: text.length });

export const link = (url: string, label: Piece): Piece => ({
  html: `<a href="${escapeAttribute(url)}">${label.html}</a>`,
  visible: label.visible,
});

/** `language`: the word behind the fence; what Telegram would not take as a class name is left out. */
export function pre(text: string, language = ""): Piece {
  const name = /^[\w+#.-]{1,40}$/u.test(language) ? language : "";
  const body = escapeHtml(text);
  const html = name === ""
    ? `<pre>${body}</pre>`
    : `<pre><code class="language-${escapeAttribute(name)}">${body}</code></pre>`;
  return { html, visible: text.length };
}
