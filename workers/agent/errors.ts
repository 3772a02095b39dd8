/** Turns what goes wrong at a model endpoint into a kind and one sentence with the cause and the next step. */
import type { ModelErrorKind, ModelTarget } from "../../schemas/worker/agent.ts";

/** The server's own words inside a sentence, in UTF-16 units. */
const MAX_DETAIL = 240;
/** A longer wait than a day is a fault of the server, not a plan. */
const MAX_WAIT_MS = 24 * 3_600_000;

export class ModelFault extends Error {
  constructor(
    readonly kind: ModelErrorKind,
    message: string,
    readonly options: { readonly status?: number; readonly retryAfterMs?: number; readonly transient?: boolean } = {},
  ) {
    super(message);
    this.name = "ModelFault";
  }
  get status(): number | undefined {
    return this.options.status;
  }
  get retryAfterMs(): number | undefined {
    return this.options.retryAfterMs;
  }
  /** Whether the same call may succeed at once: only faults of the server before it answered. */
  get transient(): boolean {
    return this.options.transient ?? false;
  }
}

/** Any thrown value as a fault. */
export function faultOf(error: unknown, target: ModelTarget): ModelFault {
  const known = chain(error).find((cause) => cause instanceof ModelFault);
  if (known) return known;
  const status = field(error, "statusCode");
  if (typeof status === "number" && status >= 300) return httpFault(status, detailOf(error), new Headers(), target);
  if (named(error, "AI_LoadAPIKeyError")) return noKey(target);
  return new ModelFault(
    "unknown",
    `${target.provider} gave an answer that cannot be used${said(detailOf(error), target)}`,
  );
}

/** A fault that the endpoint sent inside a stream that had begun well: `{ type: "error", error }` of the SDK. */
export function streamFault(error: unknown, target: ModelTarget): ModelFault {
  if (typeof field(error, "statusCode") === "number" || chain(error).some((cause) => cause instanceof ModelFault)) {
    return faultOf(error, target);
  }
  const detail = detailOf(error);
  const kind = `${field(error, "type") ?? ""} ${field(error, "code") ?? ""} ${detail}`;
  if (/rate.?limit|quota/iu.test(kind)) return httpFault(429, detail, new Headers(), target);
  if (/overloaded|unavailable|server_error/iu.test(kind)) return httpFault(503, detail, new Headers(), target);
  if (/authentication|invalid.api.key/iu.test(kind)) return httpFault(401, detail, new Headers(), target);
  if (isContextLength(kind)) return httpFault(400, detail, new Headers(), target);
  return faultOf(error, target);
}

/** A status from 300 up, with the message found in the body. */
export function httpFault(status: number, detail: string, headers: Headers, target: ModelTarget): ModelFault {
  const { provider, model } = target;
  const because = `HTTP ${status}${said(detail, target)}`;
  const make = (kind: ModelErrorKind, message: string, more: { retryAfterMs?: number; transient?: boolean } = {}) =>
    new ModelFault(kind, message, { status, ...more });
  if (isContextLength(detail) || status === 413) {
    return make("context_length", `The conversation is too long for ${model} (${because}); start a new one with /new`);
  }
  if (status === 401 || status === 403 || /api.?key not valid|invalid.api.?key/iu.test(detail)) {
    if (target.apiKey === undefined && !hasAuthHeader(target)) return noKey(target, status);
    return make("refused", `${provider} refused the API key (${because}); check models.providers.${provider}.apiKey`);
  }
  if (status === 402) {
    return make("refused", `${provider} refused the request (${because}); check the account's credit`);
  }
  if (status === 429) return rateLimit(because, detail, headers, target);
  if (status === 404 || isUnknownModel(detail)) {
    return make("bad_model", `${provider} does not know ${model} (${because}); check the model id and the baseUrl`);
  }
  if (status === 408 || status === 504) {
    return make("timeout", `${provider} did not answer in time (${because}); try again`, { transient: true });
  }
  if (status >= 500) {
    return make("unreachable", `${provider} is not working at the moment (${because}); try again later`, {
      transient: true,
    });
  }
  if (status < 400) {
    return make("unreachable", `${provider} redirects to another address (${because}); correct its baseUrl`);
  }
  return make("unknown", `${provider} did not accept the request (${because})`);
}

function rateLimit(because: string, detail: string, headers: Headers, target: ModelTarget): ModelFault {
  const retryAfterMs = retryAfter(headers, detail);
  const wait = retryAfterMs === undefined ? "in a while" : `in ${Math.max(1, Math.ceil(retryAfterMs / 1000))} s`;
  return new ModelFault("rate_limit", `${target.provider} limits the rate (${because}); try again ${wait}`, {
    status: 429,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function noKey(target: ModelTarget, status?: number): ModelFault {
  const where = `models.providers.${target.provider}.apiKey`;
  const cause = status === undefined ? "" : ` (HTTP ${status})`;
  return new ModelFault(
    "no_key",
    `${target.provider} needs an API key${cause}; set ${where} or the provider's environment variable, then restart`,
    status === undefined ? {} : { status },
  );
}

/** What `fetch` threw before or while the endpoint answered. */
export function networkFault(error: unknown, target: ModelTarget, answered: boolean): ModelFault {
  if (error instanceof ModelFault) return error;
  const { provider } = target;
  const place = hostOf(target);
  // The runtime says "fetch failed" and hides the reason in the cause.
  const text = chain(error).map((cause) => cause.message.replaceAll(/url \([^)]*\)/gu, "")).join(" ");
  if (named(error, "NotCapable") || named(error, "PermissionDenied")) {
    return new ModelFault(
      "unreachable",
      `The gateway may not connect to ${place}, the endpoint of ${provider}; restart it, so that it gets that permission`,
    );
  }
  if (answered) {
    return new ModelFault("unreachable", `The connection to ${provider} (${place}) was lost in mid-answer; try again`);
  }
  if (/dns error|failed to lookup|name resolution/iu.test(text)) {
    return new ModelFault(
      "unreachable",
      `No address was found for ${place}, the endpoint of ${provider}; check its baseUrl`,
    );
  }
  if (/certificate|tls|ssl/iu.test(text)) {
    return new ModelFault(
      "unreachable",
      `No secure connection to ${provider} (${place}): its certificate is not valid`,
    );
  }
  if (/refused/iu.test(text)) {
    return new ModelFault("unreachable", `Nothing answers at ${place}, the endpoint of ${provider}; is it running?`);
  }
  return new ModelFault("unreachable", `No connection to ${provider} (${place}); check the network and its baseUrl`, {
    transient: true,
  });
}

/** The model said nothing for `silenceMs`. */
export const silenceFault = (target: ModelTarget, silenceMs: number): ModelFault =>
  new ModelFault("timeout", `${target.provider} sent nothing for ${Math.round(silenceMs / 1000)} s; try again`);

/** The message inside an error body: `{error:{message}}`, `{error:"…"}`, `{message}`, or the text itself. */
export function bodyDetail(text: string): string {
  try {
    return detailOf(JSON.parse(text));
  } catch {
    // An HTML page says nothing that helps.
    return /^\s*</u.test(text) ? "" : text;
  }
}

function detailOf(value: unknown, depth = 0): string {
  if (typeof value === "string") return value;
  if (depth > 3) return "";
  if (Array.isArray(value)) return detailOf(value[0], depth + 1);
  const message = field(value, "message");
  if (typeof message === "string") return message;
  const inner = field(value, "error");
  return inner === undefined ? "" : detailOf(inner, depth + 1);
}

/** `: <detail>` on one line, bounded, without the key and whatever else looks like one. */
function said(detail: string, target: ModelTarget): string {
  let text = detail;
  for (const secret of [target.apiKey, ...Object.values(target.headers ?? {})]) {
    if (secret !== undefined && secret.length >= 4) text = text.replaceAll(secret, "[secret]");
  }
  text = text.replaceAll(/\b(?:sk|pk|key|AIza|gsk|xai)[-_A-Za-z0-9*]{8,}/gu, "[secret]");
  text = text.replaceAll(/\s+/gu, " ").trim().replace(/[.;]+$/u, "");
  if (text === "") return "";
  return `: ${text.length > MAX_DETAIL ? `${text.slice(0, MAX_DETAIL)}…` : text}`;
}

function retryAfter(headers: Headers, detail: string): number | undefined {
  const exact = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(exact) && exact >= 0) return clampWait(exact);
  const given = headers.get("retry-after");
  if (given !== null) {
    const seconds = Number(given);
    if (Number.isFinite(seconds) && seconds >= 0) return clampWait(seconds * 1000);
    const date = Date.parse(given);
    if (Number.isFinite(date)) return clampWait(Math.max(0, date - Date.now()));
  }
  const inText = /(?:retry|try again) in ([0-9.]+) ?(ms|s)\b/iu.exec(detail);
  return inText ? clampWait(Number(inText[1]) * (inText[2]?.toLowerCase() === "ms" ? 1 : 1000)) : undefined;
}

const clampWait = (ms: number): number => Math.round(Math.min(ms, MAX_WAIT_MS));

const isContextLength = (text: string): boolean =>
  /context.?(?:length|window|size)|maximum context|too many (?:input )?tokens|prompt is too long|token count .*exceeds|reduce the length/iu
    .test(text);

const isUnknownModel = (text: string): boolean =>
  /model[^.]{0,80}(?:not found|does not exist|is not available|not supported)|(?:unknown|invalid|no such) model/iu.test(
    text,
  );

const hasAuthHeader = (target: ModelTarget): boolean =>
  Object.keys(target.headers ?? {}).some((name) => /^(?:authorization|x-api-key|api-key|x-goog-api-key)$/iu.test(name));

function hostOf(target: ModelTarget): string {
  try {
    return new URL(target.baseUrl ?? "").host;
  } catch {
    return target.provider;
  }
}

const named = (error: unknown, name: string): boolean => chain(error).some((cause) => cause.name === name);

/** The error and its causes, outermost first. Bounded: a chain may bite its own tail. */
function chain(error: unknown): Error[] {
  const errors: Error[] = [];
  for (let at = error; at instanceof Error && errors.length < 8; at = at.cause) errors.push(at);
  return errors;
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
