/** What stands before the node: the way in, the wait for approval, another tab, and refusals with their way out. */
import type { Connection } from "../../client/protocol.ts";
import { ApprovalWait, Card, type GateState, Refusal, SplashScreen, TokenForm } from "../../page/gate.tsx";
import { useNodeState, useUi } from "./context.ts";
import { CommandLine, Preferences } from "./parts.tsx";

export function Gate({ connection }: { connection: GateState }) {
  const { t, node } = useUi();
  return (
    <Card below={<Preferences />}>
      {connection.state === "ask" && <Ask reason={connection.reason} />}
      {connection.state === "pairing" && (
        <ApprovalWait
          t={t}
          label={t.request}
          requestId={connection.requestId}
          wake={() => node.client.wake()}
        >
          <CommandLine text={`openclaw devices approve ${connection.requestId}`} />
        </ApprovalWait>
      )}
      {connection.state === "blocked" && <Refusal t={t} connection={connection} forget={() => node.forget()} />}
    </Card>
  );
}

export function Splash() {
  const { t, node } = useUi();
  const { connection } = useNodeState();
  return <SplashScreen title={t.title} t={t} connection={connection} wake={() => node.client.wake()} />;
}

export function Elsewhere() {
  const { t, node } = useUi();
  return (
    <Card below={<Preferences />}>
      <h1>{t.elsewhereTitle}</h1>
      <p class="muted">{t.elsewhereText}</p>
      <button type="button" class="button primary wide" onClick={() => node.takeOver()}>{t.takeOver}</button>
    </Card>
  );
}

function Ask({ reason }: { reason: Extract<Connection, { state: "ask" }>["reason"] }) {
  const { t, node } = useUi();
  const problem = { first: undefined, wrong: t.askWrong, code: t.askCode, revoked: t.askRevoked }[reason];
  return (
    <TokenForm t={t} problem={problem} autofocus={false} onToken={(token) => node.client.useToken(token)}>
      <p class="muted or">{t.askOr}</p>
    </TokenForm>
  );
}
