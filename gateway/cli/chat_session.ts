/** A chat in one session: sends lines, follows the run, stops it, and finds it again after the connection broke. */
import type { Static } from "../../schemas/primitives.ts";
import { ChatLink } from "./chat_link.ts";
import { ChatRun, type RunEnd } from "./chat_run.ts";
import { LostError } from "./client.ts";
import type { Opener, Session } from "./connect.ts";
import type { CliContext } from "./context.ts";
import { clean } from "./output.ts";
import {
  type AgentEventPayload,
  type ChatEventPayload,
  ChatHistory,
  ChatStarted,
  messageText,
  read,
} from "./payloads.ts";
import { printMessages } from "./transcript.ts";

/** Times that one message is sent at most, over as many connections. */
const MAX_SENDS = 4;

export interface ChatOptions {
  /** As the person named it; `main` is an alias. */
  readonly sessionKey: string;
  readonly thinking: string | undefined;
  readonly runTimeoutMs: number;
  /** Messages of the history to show at the start. */
  readonly historyLimit: number;
  /** Print `chat` events as they come instead of text. */
  readonly json: boolean;
}

export class ChatSession {
  readonly #link: ChatLink;
  readonly #gone = Promise.withResolvers<never>();
  #run: ChatRun | undefined;
  /** The canonical key, which events of other clients' runs carry. */
  #key: string;
  /** Called when something was printed while the prompt stood there. */
  onPrinted: () => void = () => {};

  constructor(
    private readonly context: CliContext,
    opener: Opener,
    private readonly options: ChatOptions,
  ) {
    this.#key = options.sessionKey;
    this.#gone.promise.catch(() => {});
    this.#link = new ChatLink(context, opener, {
      agent: (payload) => this.#agent(payload),
      chat: (payload) => this.#chat(payload),
      lost: (reason) => this.#lost(reason),
      back: (session) => this.#back(session),
      gone: (error) => this.#gone.reject(error),
    });
  }

  /** Rejects when the connection is lost for good. */
  get gone(): Promise<never> {
    return this.#gone.promise;
  }
  get running(): boolean {
    return this.#run !== undefined;
  }

  /** Connects and shows the latest messages. */
  async open(): Promise<Session> {
    const session = await this.#link.open();
    const history = await this.#history(session);
    const shown = this.options.historyLimit === 0 ? [] : history.messages.slice(-this.options.historyLimit);
    printMessages(this.context.out, shown);
    return session;
  }

  /** Leaves; a run in progress goes on at the gateway. */
  async close(): Promise<void> {
    this.#run?.finish({ state: "lost" });
    await this.#link.close();
  }

  /** Sends a line and waits until its run has ended; a command such as `/status` ends with its answer. */
  async send(message: string): Promise<RunEnd> {
    const run = new ChatRun(crypto.randomUUID(), this.context.out, this.options.json);
    this.#run = run;
    const cancel = this.context.clock.after(this.options.runTimeoutMs, () => this.stop());
    try {
      await this.#start(run, message);
      return await Promise.race([run.ended, this.#gone.promise]);
    } finally {
      cancel();
      this.#run = undefined;
    }
  }

  /** Sends until it is answered: the key makes a repeat after a lost connection harmless. */
  async #start(run: ChatRun, message: string): Promise<void> {
    const { sessionKey, thinking, runTimeoutMs } = this.options;
    const params = {
      sessionKey,
      message,
      idempotencyKey: run.runId,
      timeoutMs: runTimeoutMs,
      ...(thinking === undefined ? {} : { thinking }),
    };
    for (let attempt = 1;; attempt++) {
      const session = await this.#link.session;
      try {
        const { status, aborted } = read("chat.send", ChatStarted, await session.call("chat.send", params));
        run.accepted = true;
        if (status === undefined) run.command(aborted === true ? "stopped" : "nothing to stop");
        else if (status === "ok") this.#resume(run, await this.#history(session));
        return;
      } catch (error) {
        if (!(error instanceof LostError) || attempt === MAX_SENDS) throw error;
      }
    }
  }

  /** Stops the run in progress; its end still comes as an event. */
  stop(): void {
    const run = this.#run;
    if (run === undefined) return;
    run.note("stopping; Ctrl-C again to leave");
    this.#abort(run.runId).catch(() => {});
  }

  async #abort(runId: string): Promise<void> {
    const session = await this.#link.session;
    await session.call("chat.abort", { sessionKey: this.options.sessionKey, runId });
  }

  async #history(session: Session) {
    const limit = Math.max(1, this.options.historyLimit);
    const payload = await session.call("chat.history", { sessionKey: this.options.sessionKey, limit });
    const history = read("chat.history", ChatHistory, payload);
    const main = this.options.sessionKey === "main" ? session.client.hello.snapshot?.sessionDefaults : undefined;
    this.#key = history.sessionInfo?.key ?? main?.mainSessionKey ?? this.options.sessionKey;
    return history;
  }

  #agent(payload: AgentEventPayload): void {
    if (payload.runId === this.#run?.runId) this.#run.agent(payload);
  }

  /** A run that another client started in this session is shown when it has ended, and only between our own. */
  #chat(payload: ChatEventPayload): void {
    if (payload.runId === this.#run?.runId) return this.#run.chat(payload);
    const ours = payload.sessionKey === this.#key || payload.sessionKey === this.options.sessionKey;
    if (!ours || this.options.json || this.#run !== undefined || payload.state !== "final") return;
    const text = clean(messageText(payload.message)).trim();
    if (text === "") return;
    const { out } = this.context;
    out.line(`${out.style("dim", "· another client's run:")} ${text}`);
    this.onPrinted();
  }

  #lost(reason: string): void {
    this.context.out.note(`Connection lost (${clean(reason)}); trying again`);
  }

  /** The run in progress is taken up where it is, or shown from the history when it ended meanwhile. */
  async #back(session: Session): Promise<void> {
    this.context.out.note("Connected again");
    const history = await this.#history(session);
    if (this.#run?.accepted === true) this.#resume(this.#run, history);
    else if (this.#run === undefined) this.onPrinted();
  }

  /** Takes the run up where it is: still in flight, or ended with what the transcript says. */
  #resume(run: ChatRun, history: Static<typeof ChatHistory>): void {
    const live = history.inFlight?.find(({ runId }) => runId === run.runId);
    if (live !== undefined) return run.resume(live.text ?? "");
    const last = history.messages.at(-1);
    const answered = last?.role === "assistant";
    if (answered) run.resume(messageText(last));
    if (last?.errorMessage !== undefined) run.finish({ state: "error", reason: clean(last.errorMessage) });
    else run.finish({ state: answered ? "final" : "lost" });
  }
}
