/**
 * Answers repeats of side-effecting calls with the first result (idempotency facts, sections 1 and 2). Keys are scoped by
 * method and principal. The row is written before the side effect: after a crash in between, a repeat is told that the
 * outcome is unknown instead of doing the thing twice.
 */
import { Closed, type Static, Type } from "../../schemas/primitives.ts";
import { ErrorShape, GatewayError, unavailable } from "../../schemas/error.ts";
import { checker } from "../../schemas/validate.ts";
import type { Clock } from "../observe/clock.ts";
import type { Db } from "../storage/db.ts";

export const DEDUPE_TTL_MS = 300_000;
export const DEDUPE_MAX = 1_000;

const StoredAnswer = Closed({
  ok: Type.Boolean(),
  payload: Type.Optional(Type.Unknown()),
  error: Type.Optional(ErrorShape),
});
const checkAnswer = checker(StoredAnswer);
type StoredAnswer = Static<typeof StoredAnswer>;

export interface DedupeKey {
  readonly method: string;
  readonly principal: string;
  readonly key: string;
}

export class Dedupe {
  readonly #running = new Map<string, Promise<unknown>>();
  constructor(private readonly db: Db, private readonly clock: Clock) {}

  /** Runs `action` once for the key; a repeat shares the running call or gets the stored answer, errors included. */
  once(key: DedupeKey, action: () => Promise<unknown> | unknown): Promise<unknown> {
    const id = JSON.stringify([key.method, key.principal, key.key]);
    const running = this.#running.get(id);
    if (running) return running;
    const stored = this.#stored(key);
    if (stored) return stored;
    const call = this.#run(key, action).finally(() => this.#running.delete(id));
    this.#running.set(id, call);
    return call;
  }

  /** Drops answers older than the TTL, then the oldest beyond the cap. Called every minute. */
  sweep(): void {
    this.db.run("DELETE FROM idempotency WHERE ts < ?", this.clock.now() - DEDUPE_TTL_MS);
    this.db.run(
      "DELETE FROM idempotency WHERE (method, principal, key) IN " +
        "(SELECT method, principal, key FROM idempotency ORDER BY ts DESC LIMIT -1 OFFSET ?)",
      DEDUPE_MAX,
    );
  }

  async #run(key: DedupeKey, action: () => Promise<unknown> | unknown): Promise<unknown> {
    this.db.run(
      "INSERT INTO idempotency (method, principal, key, state, ts) VALUES (?, ?, ?, 'in_flight', ?)",
      key.method,
      key.principal,
      key.key,
      this.clock.now(),
    );
    try {
      const payload = await action();
      this.#store(key, { ok: true, payload });
      return payload;
    } catch (error) {
      const known = error instanceof GatewayError
        ? error
        : unavailable(error instanceof Error ? error.message : String(error));
      // What the caller can correct is not an answer to the call: a corrected repeat with the same key must run.
      if (known.code === "INVALID_REQUEST") this.#forget(key);
      else this.#store(key, { ok: false, error: known.shape() });
      throw known;
    }
  }

  #stored(key: DedupeKey): Promise<unknown> | undefined {
    const row = this.db.get(
      "SELECT state, answer FROM idempotency WHERE method=? AND principal=? AND key=? AND ts >= ?",
      key.method,
      key.principal,
      key.key,
      this.clock.now() - DEDUPE_TTL_MS,
    );
    if (!row) {
      this.#forget(key);
      return undefined;
    }
    if (row["state"] === "in_flight") {
      return Promise.reject(unavailable(
        `Cannot repeat "${key.method}": the gateway restarted during the first call and its outcome is unknown; ` +
          "check whether it took effect, then use a new idempotencyKey",
        { details: { code: "OUTCOME_UNKNOWN" }, retryable: false },
      ));
    }
    const answer = checkAnswer(JSON.parse(String(row["answer"])));
    if (!answer.ok) return Promise.reject(unavailable(`Cannot read the stored answer: ${answer.error}`));
    return replay(answer.value);
  }

  #store(key: DedupeKey, answer: StoredAnswer): void {
    this.db.run(
      "UPDATE idempotency SET state='done', answer=?, ts=? WHERE method=? AND principal=? AND key=?",
      JSON.stringify(answer),
      this.clock.now(),
      key.method,
      key.principal,
      key.key,
    );
  }

  #forget(key: DedupeKey): void {
    this.db.run("DELETE FROM idempotency WHERE method=? AND principal=? AND key=?", key.method, key.principal, key.key);
  }
}

function replay(answer: StoredAnswer): Promise<unknown> {
  if (answer.ok) return Promise.resolve(answer.payload);
  const { code, message, details, retryable, retryAfterMs } = answer.error ??
    { code: "UNAVAILABLE", message: "unknown" };
  return Promise.reject(
    new GatewayError(code === "FORBIDDEN" || code === "NOT_LINKED" ? code : "UNAVAILABLE", message, {
      ...(details === undefined ? {} : { details }),
      ...(retryable === undefined ? {} : { retryable }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }),
  );
}
