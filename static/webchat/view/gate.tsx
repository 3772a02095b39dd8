/** What stands before the chat: the token form, the wait for approval, and refusals with their way out. */
import { useRef } from "preact/hooks";
import type { Connection } from "../../client/protocol.ts";
import { ApprovalWait, Card, type GateState, Refusal, SplashScreen, TokenForm } from "../../page/gate.tsx";
import { useUi } from "./context.ts";
import { copyText } from "./markdown.tsx";
import { Preferences } from "./preferences.tsx";

export function Gate({ connection }: { connection: GateState }) {
  const { t, client, forget } = useUi();
  return (
    <Card below={<Preferences />}>
      {connection.state === "ask" && (
        <TokenForm
          t={t}
          problem={{ first: undefined, wrong: t.askWrong, code: t.askCode, revoked: undefined }[connection.reason]}
          autofocus
          onToken={(token) => client.useToken(token)}
        />
      )}
      {connection.state === "pairing" && (
        <ApprovalWait
          t={t}
          label={t.pairingId}
          requestId={connection.requestId}
          wake={() => client.wake()}
        >
          <CommandLine text={`openclaw devices approve ${connection.requestId}`} />
        </ApprovalWait>
      )}
      {connection.state === "blocked" && <Refusal t={t} connection={connection} forget={forget} />}
    </Card>
  );
}

export function Splash({ connection }: { connection: Connection }) {
  const { t, client } = useUi();
  return <SplashScreen title="OpenClaw" t={t} connection={connection} wake={() => client.wake()} />;
}

function CommandLine({ text }: { text: string }) {
  const { t } = useUi();
  const label = useRef<HTMLButtonElement>(null);
  const copy = () => label.current && void copyText(text, label.current, t.copy, t.copied);
  return (
    <div class="command">
      <code>{text}</code>
      <button type="button" class="link" ref={label} onClick={copy}>{t.copy}</button>
    </div>
  );
}
