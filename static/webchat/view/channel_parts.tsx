/** What the parts of the channels panel share: refusals in plain words. */
import type { Words } from "../i18n/mod.ts";
import { channelLabel, type ChannelsState, type Failure } from "../state/channels_model.ts";
import { useUi } from "./context.ts";
import { Icon } from "./icons.tsx";

export function failureText(t: Words, { kind, text }: Failure): string {
  if (kind === "right") return t.channels.noRight(text);
  return kind === "lost" ? t.channels.lost : text;
}

export function FailureLine({ failure, onRetry }: { failure: Failure; onRetry?: () => void }) {
  const { t } = useUi();
  return (
    <p class="problem small-text" role="alert">
      <Icon name="alert" /> {failureText(t, failure)}
      {onRetry && failure.kind !== "right" && <button type="button" class="link" onClick={onRetry}>{t.tryAgain}
      </button>}
    </p>
  );
}

/** A button of one item among others that look the same: its name says which one it is for. */
export function Act(
  { word, of, main, busy, onClick }: { word: string; of: string; main?: boolean; busy: boolean; onClick(): void },
) {
  return (
    <button
      type="button"
      class={main ? "button primary" : "button"}
      aria-label={`${word}: ${of}`}
      disabled={busy}
      onClick={onClick}
    >
      {word}
    </button>
  );
}

interface CardHeadProps {
  readonly title: string;
  readonly word: string;
}

export const CardHead = ({ title, word }: CardHeadProps) => (
  <div class="account-head">
    <strong>{title}</strong>
    <span class="chip">
      <span class="dot" /> {word}
    </span>
  </div>
);

/** "Telegram", or "Telegram · work" where the account has a name or the channel has several. */
export function accountTitle(
  state: ChannelsState,
  { channel, accountId }: { readonly channel: string; readonly accountId: string },
): string {
  const label = channelLabel(state, channel);
  const all = state.accounts.filter((one) => one.channel === channel);
  const name = all.find((one) => one.accountId === accountId)?.name ?? (all.length > 1 ? accountId : undefined);
  return name === undefined ? label : `${label} · ${name}`;
}
