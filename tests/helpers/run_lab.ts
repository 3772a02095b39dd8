/** A run service around a model that does what the test says, with a clock that the test moves. */
import { createRunService } from "../../gateway/agent/run_service.ts";
import { sameTools } from "../../gateway/agent/tools.ts";
import type {
  ModelObserver,
  ModelRequest,
  ModelRunner,
  Outlet,
  RunRequest,
  RunService,
  RunTicket,
  Tool,
  ToolBox,
} from "../../gateway/agent/types.ts";
import type { Config } from "../../gateway/config/types.ts";
import type { Client } from "../../gateway/connection/client.ts";
import type { Services } from "../../gateway/rpc/services.ts";
import { createSessionStore } from "../../gateway/session/store.ts";
import { createTranscript } from "../../gateway/session/transcript.ts";
import type { Db } from "../../gateway/storage/db.ts";
import type { Message, Usage } from "../../schemas/message.ts";
import type { AttachmentInput } from "../../schemas/message.ts";
import { fakeClient, fakeConfig, type FakeServices, fakeServices } from "./services.ts";

type Payload = Record<string, unknown>;

/** One call of the model, driven by the test. */
export class ModelCall {
  readonly #end = Promise.withResolvers<{ readonly aborted: boolean }>();
  constructor(readonly request: ModelRequest, readonly observer: ModelObserver, readonly signal: AbortSignal) {}

  get done(): Promise<{ readonly aborted: boolean }> {
    return this.#end.promise;
  }

  /** Streams pieces of the current message. */
  say(...pieces: string[]): void {
    for (const piece of pieces) this.observer.delta("text", piece);
  }

  think(text: string): void {
    this.observer.delta("thinking", text);
  }

  message(text: string, options: Partial<Parameters<ModelObserver["message"]>[0]> = {}): void {
    this.observer.message({
      text,
      thinking: undefined,
      toolCalls: [],
      stopReason: "stop",
      usage: USAGE,
      ...options,
    });
  }

  /** The last message, streamed at once, then the end. */
  async answer(text: string): Promise<void> {
    if (text !== "") this.say(text);
    this.message(text);
    await this.end();
  }

  async end(aborted = false): Promise<void> {
    this.#end.resolve({ aborted });
    await settle();
  }

  async fail(error: Error): Promise<void> {
    this.#end.reject(error);
    await settle();
  }

  /** The text of the last message that the model was given. */
  get prompt(): string {
    return textOf(this.request.messages.at(-1));
  }
}

export const USAGE: Usage = { input: 10, output: 3, total: 13 };

export class ScriptedRunner implements ModelRunner {
  readonly calls: ModelCall[] = [];
  /** Thrown by the next `run` instead of running. */
  broken: Error | undefined;
  run(request: ModelRequest, observer: ModelObserver, signal: AbortSignal): Promise<{ readonly aborted: boolean }> {
    if (this.broken) throw this.broken;
    const call = new ModelCall(request, observer, signal);
    this.calls.push(call);
    return call.done;
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

export interface LabOptions {
  readonly config?: Partial<Config>;
  readonly tools?: readonly Tool[];
  /** Tools that depend on the turn. */
  readonly toolBox?: ToolBox;
  readonly outlet?: Outlet;
  /** A laboratory whose database this one takes over, as after a restart. */
  readonly after?: RunLab;
}

export class RunLab {
  readonly services: FakeServices;
  readonly runner = new ScriptedRunner();
  readonly runs: RunService;
  constructor(options: LabOptions = {}) {
    const config = fakeConfig(options.config ?? {});
    this.services = restarted(fakeServices({ config }), options.after);
    const tools = options.toolBox ?? sameTools(options.tools ?? []);
    const outlet = options.outlet === undefined ? {} : { outlet: options.outlet };
    this.runs = createRunService({ ...this.services, runner: this.runner, tools, ...outlet });
  }

  get db(): Db {
    return this.services.db;
  }

  /** What method handlers get: the same services with this lab's runs. */
  get handlers(): Services {
    return { ...this.services, runs: this.runs };
  }

  send(message: string, change: Partial<RunRequest> = {}): RunTicket {
    return this.runs.start({
      runId: crypto.randomUUID(),
      method: "chat.send",
      client: this.client(),
      sessionKey: "main",
      agentId: undefined,
      message,
      attachments: [],
      thinking: undefined,
      timeoutMs: undefined,
      extraSystemPrompt: undefined,
      ...change,
    });
  }

  client(options: Parameters<typeof fakeClient>[0] = {}): Client {
    return fakeClient(options);
  }

  /** Lets the lanes start what is ready; returns the model call of that number (from 0). */
  call(index = this.runner.calls.length): ModelCall {
    this.services.clock.advance(0);
    const call = this.runner.calls[index];
    if (!call) throw new Error(`Cannot find model call ${index}: there are ${this.runner.calls.length}`);
    return call;
  }

  /** Starts what is ready, without expecting anything. */
  tick(ms = 0): void {
    this.services.clock.advance(ms);
  }

  /** Payloads of an event, for one run when given. */
  events(event: string, runId?: string): Payload[] {
    return this.services.bus.published
      .filter((each) => each.event === event)
      .map(({ payload }) => payload as Payload)
      .filter((payload) => runId === undefined || payload["runId"] === runId);
  }

  /** `agent lifecycle start`, `chat delta`, … of a run, in order. */
  story(runId: string): string[] {
    return this.services.bus.published
      .filter(({ event, payload }) =>
        (event === "agent" || event === "chat") && (payload as Payload)["runId"] === runId
      )
      .map(({ event, payload }) => describe(event, payload as Payload));
  }

  history(key = "main"): Message[] {
    const session = this.services.sessions.get(key);
    return session
      ? this.services.transcript.page(session.sessionId, { limit: 1000 }).map(({ message }) => message)
      : [];
  }

  /** `user: hello`, `assistant: hi`, … */
  lines(key = "main"): string[] {
    return this.history(key).map((message) => `${message.role}: ${textOf(message)}`);
  }
}

/** The same database under a new clock that goes on where the old one stood: the old timers died with their process. */
function restarted(services: FakeServices, before: RunLab | undefined): FakeServices {
  if (!before) return services;
  const { config, clock } = services;
  const { db } = before;
  clock.advance(before.services.clock.now() - clock.now());
  return {
    ...services,
    db,
    sessions: createSessionStore({ db, config, clock }),
    transcript: createTranscript({ db, clock }),
  };
}

function describe(event: string, payload: Payload): string {
  if (event === "chat") return `chat ${String(payload["state"])}`;
  const data = payload["data"] as Payload;
  const phase = data["phase"] === undefined ? "" : ` ${String(data["phase"])}`;
  return `agent ${String(payload["stream"])}${phase}`;
}

export function textOf(message: Message | undefined): string {
  return (message?.content ?? []).map((part) => part.type === "text" ? part.text : `<${part.type}>`).join("|");
}

/** Lets promises that are ready run. */
export const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A PNG header as base64, padded to `bytes`. */
export function png(bytes = 24, fileName = "picture.png"): AttachmentInput {
  const data = new Uint8Array(bytes);
  data.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return { type: "image", mimeType: "image/png", fileName, content: data.toBase64() };
}
