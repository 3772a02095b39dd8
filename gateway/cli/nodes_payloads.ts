/** What `openclaw nodes` reads of answers, and no more (see payloads.ts). */
import { type Static, Type } from "../../schemas/primitives.ts";

const Opt = Type.Optional;
const Text = Type.String();
const Num = Type.Number();
const Texts = Type.Array(Text);

export const NodeRow = Type.Object({
  nodeId: Text,
  displayName: Opt(Text),
  platform: Opt(Text),
  deviceFamily: Opt(Text),
  version: Opt(Text),
  remoteIp: Opt(Text),
  caps: Opt(Texts),
  commands: Opt(Texts),
  allowedCommands: Opt(Texts),
  offCommands: Opt(Type.Array(Type.Object({ command: Text, reason: Text }))),
  connectedAtMs: Opt(Num),
  lastSeenAtMs: Opt(Num),
  approvalState: Opt(Text),
  pendingRequestId: Opt(Text),
  pendingDeclaredCommands: Opt(Texts),
  paired: Opt(Type.Boolean()),
  connected: Opt(Type.Boolean()),
});
export type NodeRow = Static<typeof NodeRow>;
export const NodeRows = Type.Object({ nodes: Type.Array(NodeRow) });

export const PendingNode = Type.Object({
  requestId: Text,
  nodeId: Text,
  displayName: Opt(Text),
  platform: Opt(Text),
  commands: Opt(Texts),
  dangerousCommands: Opt(Texts),
  ts: Opt(Num),
});
export type PendingNode = Static<typeof PendingNode>;
export const PairLists = Type.Object({
  pending: Type.Array(PendingNode),
});

export const Invoked = Type.Object({ payload: Opt(Type.Unknown()), payloadJSON: Opt(Type.Union([Text, Type.Null()])) });

/** What photographs, clips and recordings have in common. */
export const Media = Type.Object({
  format: Text,
  base64: Text,
  width: Opt(Num),
  height: Opt(Num),
  durationMs: Opt(Num),
});
export const Cameras = Type.Object({
  devices: Type.Array(Type.Object({ id: Text, name: Opt(Text), position: Opt(Text), deviceType: Opt(Text) })),
});
export const Place = Type.Object({
  lat: Num,
  lon: Num,
  accuracyMeters: Opt(Num),
  altitudeMeters: Opt(Type.Union([Num, Type.Null()])),
  timestamp: Opt(Text),
  source: Opt(Text),
});
export const RunResult = Type.Object({
  exitCode: Opt(Type.Union([Num, Type.Null()])),
  timedOut: Opt(Type.Boolean()),
  success: Opt(Type.Boolean()),
  stdout: Opt(Text),
  stderr: Opt(Text),
  error: Opt(Type.Union([Text, Type.Null()])),
});
export type RunResult = Static<typeof RunResult>;

/** What the gateway says of a call that a node refused, or that its policy did (methods facts, section 11.3). */
export const InvokeDetails = Type.Object({
  code: Opt(Text),
  reason: Opt(Text),
  command: Opt(Text),
  nodeError: Opt(
    Type.Union([Type.Object({ code: Opt(Type.Union([Text, Type.Null()])), message: Opt(Text) }), Type.Null()]),
  ),
});
