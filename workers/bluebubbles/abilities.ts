/** What this server can do: macOS and its Private API decide, and the configuration may switch off. */
import { unsupported } from "./errors.ts";
import type { Action, Settings } from "./settings.ts";
import type { ServerInfo } from "./wire.ts";

export interface Abilities {
  readonly privateApi: boolean;
  /** 0: the server did not say. */
  readonly macOS: number;
  /** Throws ProviderError with the reason. */
  require(action: Action | "typing" | "read"): void;
  can(action: Action): boolean;
  /** For people and `channels.status`. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly sentence: string;
}

/** Unsending and editing came with macOS 13; editing does not work on 26. */
const FIRST_WITH_EDITS = 13;
const WITHOUT_EDIT = 26;

export function abilitiesOf(info: ServerInfo | undefined, settings: Pick<Settings, "allows">): Abilities {
  const privateApi = info?.private_api === true && info.helper_connected === true;
  const macOS = Number(/^\d+/u.exec(info?.os_version ?? "")?.[0] ?? 0);
  const reasonAgainst = (action: Action | "typing" | "read"): string | undefined => {
    if (action !== "typing" && action !== "read" && !settings.allows(action)) {
      return `channels.bluebubbles.actions.${action} is off`;
    }
    if (action === "sendAttachment") return undefined;
    if (!privateApi) return "the Private API of the BlueBubbles server is off";
    if ((action === "edit" || action === "unsend") && macOS > 0 && macOS < FIRST_WITH_EDITS) {
      return `macOS ${macOS} cannot do it, ${FIRST_WITH_EDITS} can`;
    }
    if (action === "edit" && macOS >= WITHOUT_EDIT) return `it does not work on macOS ${macOS}`;
    return undefined;
  };
  const version = info?.server_version ?? "of an unknown version";
  const lacking = privateApi ? "" : "; its Private API is off: no reactions, edits, replies, read marks and typing";
  return {
    privateApi,
    macOS,
    can: (action) => reasonAgainst(action) === undefined,
    require(action) {
      const reason = reasonAgainst(action);
      if (reason !== undefined) throw unsupported(`Cannot do "${action}": ${reason}`);
    },
    facts: {
      serverVersion: info?.server_version ?? null,
      macOS: info?.os_version ?? null,
      privateApi,
      account: info?.detected_imessage ?? null,
    },
    sentence: `Connected to BlueBubbles ${version}${macOS === 0 ? "" : ` on macOS ${info?.os_version}`}${lacking}`,
  };
}
