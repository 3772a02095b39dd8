/** Parameters and results of web.login.*: a login as steps that CLI and pages drive alike (methods facts, section 8). */
import { Closed, Int0, NonEmpty, Open, Type } from "../primitives.ts";
import { LoginStep } from "../worker/channel.ts";

const Opt = Type.Optional;
const Text = Type.String();

const Which = {
  /** Absent: the channel that waits for a login, else the first one that has one. */
  channel: Opt(NonEmpty),
  accountId: Opt(Text),
  timeoutMs: Opt(Int0),
};

/** `force` logs out first. `input` answers a step of kind `input`. */
export const WebLoginStartParams = Open({
  ...Which,
  force: Opt(Type.Boolean()),
  verbose: Opt(Type.Boolean()),
  flow: Opt(NonEmpty),
  input: Opt(Type.Record(NonEmpty, Text)),
});

const Progress = {
  channel: NonEmpty,
  accountId: NonEmpty,
  /** A PNG of the code to scan, as a data URL. */
  qrDataUrl: Opt(NonEmpty),
  message: NonEmpty,
  step: Opt(LoginStep),
  /** How many steps there have been; `seen` of the next wait. */
  count: Int0,
};
export const WebLoginStartResult = Closed({ ...Progress, connected: Type.Boolean() });

/** With `seen` it answers at the next step; without, at the end of the login or of the time. */
export const WebLoginWaitParams = Open({ ...Which, seen: Opt(Int0) });
export const WebLoginWaitResult = Closed({ ...Progress, connected: Type.Boolean() });

export const WebLoginCancelParams = Open({ channel: Opt(NonEmpty), accountId: Opt(Text) });
export const WebLoginCancelResult = Closed({ channel: NonEmpty, accountId: NonEmpty, cancelled: Type.Boolean() });
