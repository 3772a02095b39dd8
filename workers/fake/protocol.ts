/** What the fake platform and the fake provider say to each other, as JSON over a WebSocket. */
import { LoginStep, PROVIDER_STATES, UserAction } from "../../schemas/worker/channel.ts";
import { Closed, Int0, JsonObject, NonEmpty, OneOf, type Static, Type } from "../../schemas/primitives.ts";

/** Ways of breaking the contract; `workers/fake/misbehave.ts` says what each does. */
export const LIES = [
  "wrong-op",
  "double-reply",
  "giant-text",
  "bad-receipt",
  "old-seq",
  "unknown-type",
  "foreign-answer",
  "uncloneable",
] as const;

/** What a test tells the provider to do. */
export const PlatformOrder = Type.Union([
  /** An event; what is wrong with it is main's to find out. `raw`: around the checks of the worker's own runtime. */
  Closed({ do: Type.Literal("inbound"), event: JsonObject }),
  /** The platform's answer to a call of the provider. */
  Closed({ do: Type.Literal("answer"), call: Int0, value: JsonObject }),
  Closed({ do: Type.Literal("refuse"), call: Int0, error: JsonObject }),
  Closed({
    do: Type.Literal("state"),
    report: Closed({
      state: OneOf(PROVIDER_STATES),
      sentence: NonEmpty,
      userAction: Type.Optional(UserAction),
      attempt: Type.Optional(Int0),
      retryInMs: Type.Optional(Int0),
      platformCode: Type.Optional(Type.String()),
      self: Type.Optional(JsonObject),
    }),
  }),
  Closed({ do: Type.Literal("mark"), mark: JsonObject }),
  Closed({ do: Type.Literal("login.step"), step: LoginStep }),
  Closed({ do: OneOf(["crash", "reject", "exit", "spin", "heap", "alive"]) }),
  Closed({ do: Type.Literal("flood"), count: Int0, chatId: NonEmpty }),
  Closed({ do: Type.Literal("garbage"), count: Int0 }),
  Closed({ do: Type.Literal("lie"), what: OneOf(LIES) }),
  /** From now on every send and other call waits for ever, deaf to its signal. */
  Closed({ do: Type.Literal("hang") }),
  /** Store requests for tests of the key store: their result comes back as the call "result". */
  Closed({ do: Type.Literal("store.set"), rows: JsonObject }),
  Closed({ do: Type.Literal("store.get"), kind: NonEmpty, ids: Type.Array(Type.String()) }),
  Closed({ do: Type.Literal("store.clear") }),
  Closed({ do: Type.Literal("save"), saved: JsonObject }),
  Closed({ do: Type.Literal("log"), text: Type.String() }),
  /** Writes to the standard output in every way there is. */
  Closed({ do: Type.Literal("print"), text: Type.String() }),
]);
export type PlatformOrder = Static<typeof PlatformOrder>;

/** What the provider tells the platform. `call` is answered by `answer` or `refuse`. */
export const ProviderCall = Closed({ call: Int0, at: NonEmpty, body: JsonObject });
export type ProviderCall = Static<typeof ProviderCall>;
