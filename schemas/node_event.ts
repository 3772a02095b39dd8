/** What nodes tell the gateway by node.event (methods facts, section 11.5). A key may be null in place of absent. */
import { NonEmpty, noted, Nullable, Open, type Static, type TSchema, Type } from "./primitives.ts";

export interface NodeEventDef<S extends TSchema = TSchema> {
  readonly name: string;
  readonly payload: S;
  readonly description: string;
}

const Opt = <T extends TSchema>(schema: T) => Type.Optional(Nullable(schema));
const Words = Type.String({ minLength: 1, maxLength: 20_000 });
const Key = Type.String({ maxLength: 512 });
const note = <T extends TSchema>(schema: T, description: string) => Type.Optional(noted(Nullable(schema), description));

const AgentRequest = Open({
  message: Words,
  sessionKey: note(Key, "Default: the node's own session"),
  deliver: note(Type.Boolean(), "Send the answer to a channel, too"),
  channel: note(Type.String(), "Where to; default: where the session was used last"),
  to: note(Type.String(), "To whom on that channel"),
  thinking: Opt(Type.String()),
  timeoutSeconds: Opt(Type.Number({ minimum: 0, maximum: 86_400 })),
  key: note(Type.String({ maxLength: 200 }), "A repeat with the same key starts no second run"),
});
export type AgentRequest = Static<typeof AgentRequest>;

export const AgentRequestEvent = {
  name: "agent.request",
  payload: AgentRequest,
  description: "Starts a run. What a person did on the canvas comes as a message CANVAS_A2UI",
} satisfies NodeEventDef;

export const VoiceTranscriptEvent = {
  name: "voice.transcript",
  payload: Open({ text: Words, sessionKey: note(Key, "Default: the main session") }),
  description: "Starts a run with what a person said",
} satisfies NodeEventDef;

const Session = Open({ sessionKey: NonEmpty });

export const ChatSubscribeEvent = {
  name: "chat.subscribe",
  payload: Session,
  description: "The node gets `agent` and `chat` of the session from now on, without `seq`; 64 sessions at most",
} satisfies NodeEventDef;

export const ChatUnsubscribeEvent = {
  name: "chat.unsubscribe",
  payload: Session,
  description: "Ends chat.subscribe",
} satisfies NodeEventDef;

const ExecFacts = Open({
  sessionKey: note(Key, "Default: the node's own session"),
  runId: Opt(Type.String()),
  command: Opt(Type.String()),
  exitCode: Opt(Type.Number()),
  timedOut: Opt(Type.Boolean()),
  output: Opt(Type.String()),
  reason: Opt(Type.String()),
});
export type ExecFacts = Static<typeof ExecFacts>;

const exec = (name: string, description: string) => ({ name, payload: ExecFacts, description }) satisfies NodeEventDef;

export const ExecStartedEvent = exec("exec.started", "A command began; a line for the session's next prompt");
export const ExecFinishedEvent = exec("exec.finished", "A command ended; a line for the session's next prompt");
export const ExecDeniedEvent = exec("exec.denied", "A command was refused; a line for the session's next prompt");

export const NODE_EVENTS: readonly NodeEventDef[] = [
  AgentRequestEvent,
  VoiceTranscriptEvent,
  ChatSubscribeEvent,
  ChatUnsubscribeEvent,
  ExecStartedEvent,
  ExecFinishedEvent,
  ExecDeniedEvent,
];
