/** People and chats: the forms of a WhatsApp address, and the one that the rest of the gateway sees. */

/** `user@server`, with a device number in between when it names one device. */
export interface Jid {
  readonly user: string;
  readonly server: string;
}

/** Undefined when it is no address. The device number is left out. */
export function parseJid(text: string | null | undefined): Jid | undefined {
  const match = /^([^@:]+)(?::\d+)?@([a-z.]+)$/u.exec(text ?? "");
  const [, user, server] = match ?? [];
  if (user === undefined || server === undefined) return undefined;
  // `user_1@…` names the domain of a lid in old forms.
  return { user: user.split("_")[0] ?? user, server: server === "c.us" ? PHONE : server };
}

export const PHONE = "s.whatsapp.net";
export const LID = "lid";
export const GROUP = "g.us";

/** The address without its device. */
export const bareJid = (text: string | null | undefined): string | undefined => {
  const jid = parseJid(text);
  return jid && `${jid.user}@${jid.server}`;
};

export const isGroupJid = (text: string | null | undefined): boolean => parseJid(text)?.server === GROUP;

/** `+4915…` of an address that holds a number. */
export function numberOf(text: string | null | undefined): string | undefined {
  const jid = parseJid(text);
  return jid?.server === PHONE && /^\d{5,20}$/u.test(jid.user) ? `+${jid.user}` : undefined;
}

/** The address of a chat id, which is a number, an address of a person or one of a group. */
export function jidOfChat(chatId: string): string | undefined {
  const text = chatId.trim().replace(/^whatsapp:/iu, "");
  if (!text.includes("@")) {
    const digits = text.replaceAll(/[\s().-]/gu, "").replace(/^\+/u, "");
    return /^\d{5,20}$/u.test(digits) ? `${digits}@${PHONE}` : undefined;
  }
  const jid = parseJid(text);
  return jid && [PHONE, LID, GROUP].includes(jid.server) ? `${jid.user}@${jid.server}` : undefined;
}

/** One person under the number and under the hidden id (lid), as far as known. */
export interface Person {
  readonly number: string | undefined;
  readonly lid: string | undefined;
}

/** The person of an address and its other form. */
export function personOf(...forms: readonly (string | null | undefined)[]): Person {
  const lid = forms.find((form) => parseJid(form)?.server === LID);
  return {
    number: forms.map(numberOf).find((number) => number !== undefined),
    lid: bareJid(lid),
  };
}

/** The id that allow lists hold: the number, or the lid of a person whose number is hidden. */
export const personId = ({ number, lid }: Person): string | undefined => number ?? lid;

export function personAliases(person: Person): string[] {
  const { number, lid } = person;
  const all = [lid, number === undefined ? undefined : `${number.slice(1)}@${PHONE}`];
  return all.filter((alias): alias is string => alias !== undefined && alias !== personId(person));
}

export const samePerson = (a: Person, b: Person): boolean =>
  (a.number !== undefined && a.number === b.number) || (a.lid !== undefined && a.lid === b.lid);
