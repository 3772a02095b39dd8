/** "… is typing", refreshed while a run goes on. Best effort: nothing ever waits for it or fails with it. */
import type { Target } from "../../schemas/worker/content.ts";
import type { Clock } from "../observe/clock.ts";
import type { Channels } from "../supervisor/types.ts";

/** Platforms show it for five to ten seconds. */
const REFRESH_MS = 6_000;
const CALL_MS = 5_000;

export interface TypingDeps {
  readonly clock: Clock;
  readonly channels: Pick<Channels, "request" | "account">;
}

/** Starts at once. The returned function ends it; `clear` also takes the sign away where no message does. */
export function startTyping(
  { clock, channels }: TypingDeps,
  { channel, accountId, target }: { readonly channel: string; readonly accountId: string; readonly target: Target },
): (clear: boolean) => void {
  let underWay = false;
  const say = (on: boolean): void => {
    if (underWay || channels.account(channel, accountId)?.state !== "connected") return;
    underWay = true;
    channels.request(channel, accountId, { type: "typing", target, on }, CALL_MS).catch(() => {}).finally(() => {
      underWay = false;
    });
  };
  say(true);
  const cancel = clock.every(REFRESH_MS, () => say(true));
  let ended = false;
  return (clear) => {
    if (ended) return;
    ended = true;
    cancel();
    if (clear) say(false);
  };
}
