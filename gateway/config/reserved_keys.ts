/** Quotes keys that are reserved words: JSON5 allows them bare, the parser that keeps comments does not. */

const RESERVED = new Set(
  ("await break case catch class const continue debugger default delete do else enum export extends false finally for " +
    "function if import in instanceof new null return super switch this throw true try typeof var void while with " +
    "yield implements interface package private protected public").split(" "),
);
/** Strings and comments are passed over; a bare word before a colon is a key. */
const TOKENS =
  /"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|\/\/[^\n\r]*|\/\*[\s\S]*?\*\/|(?<key>[A-Za-z]+)(?=(?:\s|\/\*[\s\S]*?\*\/)*:)/gu;

/** The same text but for the quotes. */
export const quoteReservedKeys = (text: string): string =>
  text.replaceAll(
    TOKENS,
    (token, key: string | undefined) => key !== undefined && RESERVED.has(key) ? `"${key}"` : token,
  );
