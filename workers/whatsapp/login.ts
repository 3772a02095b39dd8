/** Linking this device to a phone: by a QR code or by a code to type in. One login at a time. */
import type { LoginStep } from "../../schemas/worker/channel.ts";
import { jidOfChat, numberOf } from "./identity.ts";

/** The library shows the first QR code longer than the others. */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
/** How long a phone accepts a pairing code. */
const CODE_MS = 160_000;

const HOW = "On the phone: WhatsApp, Settings, Linked devices, Link a device";

export type LoginFlow = "qr" | "code";

export interface Login {
  readonly flow: LoginFlow;
  /** Digits only, for a pairing code. */
  readonly phone: string | undefined;
  /** Shows a fresh QR code. */
  qr(value: string): void;
  code(value: string): void;
  /** The phone agreed; the connection starts anew with the new keys. */
  linked(): void;
  done(account: string): void;
  failed(text: string, retryable: boolean): void;
  readonly ended: boolean;
}

export function createLogin(options: {
  readonly flow: LoginFlow;
  readonly phone: string | undefined;
  readonly warning: string | undefined;
  readonly tell: (step: LoginStep) => void;
  readonly now: () => number;
}): Login {
  const { flow, phone, warning, tell, now } = options;
  const note = warning === undefined ? "" : `. ${warning}`;
  let shown = 0;
  let ended = false;
  const step = (next: LoginStep): void => {
    if (!ended) tell(next);
  };
  return {
    flow,
    phone,
    get ended() {
      return ended;
    },
    qr(value) {
      const expiresAt = now() + (shown++ === 0 ? FIRST_QR_MS : NEXT_QR_MS);
      step({ kind: "show", what: "qr", value, text: `${HOW}, and scan this code${note}`, expiresAt });
    },
    code(value) {
      const text = `${HOW}, "Link with phone number instead", and type this code${note}`;
      step({
        kind: "show",
        what: "code",
        value: `${value.slice(0, 4)}-${value.slice(4)}`,
        text,
        expiresAt: now() + CODE_MS,
      });
    },
    linked: () => step({ kind: "wait", text: "The phone agreed; connecting with the new keys" }),
    done(account) {
      step({ kind: "done", text: `Linked as ${account}`, account });
      ended = true;
    },
    failed(text, retryable) {
      step({ kind: "failed", text, retryable });
      ended = true;
    },
  };
}

/** The digits of a phone number that somebody typed; undefined when it is none. */
export function phoneDigits(text: string | undefined): string | undefined {
  return numberOf(jidOfChat(text ?? ""))?.slice(1);
}

/** What a pairing code needs to know first. */
export const ASK_PHONE: LoginStep = {
  kind: "input",
  fields: [{ name: "phone", label: "Phone number with country code, such as +15551234567", secret: false }],
  text: "The pairing code is for one number",
};
