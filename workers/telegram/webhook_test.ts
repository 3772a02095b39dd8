import assert from "node:assert/strict";
import { answerPost, checkSecret } from "./webhook.ts";

const SECRET = "a-secret-of-the-webhook_1";
const post = (secret: string | undefined, body: string, take: (update: unknown) => Promise<unknown>) =>
  answerPost(
    {
      headers: secret === undefined ? {} : { "x-telegram-bot-api-secret-token": secret },
      body: new TextEncoder().encode(body),
    },
    SECRET,
    take,
  );

Deno.test("a post is answered after it was taken, and asked for again when it was not", async () => {
  const taken: unknown[] = [];
  const take = (update: unknown) => Promise.resolve(taken.push(update));
  assert.equal((await post(SECRET, '{"update_id":1}', take)).status, 200);
  assert.deepEqual(taken, [{ update_id: 1 }]);
  assert.equal((await post(SECRET, "{}", () => Promise.reject(new Error("the account stops")))).status, 503);
});

Deno.test("without the exact secret nothing is even read", async () => {
  const take = () => Promise.reject(new Error("must not be called"));
  for (const secret of [undefined, "", SECRET.slice(0, -1), `${SECRET} `]) {
    assert.equal((await post(secret, "{}", take)).status, 401);
  }
  assert.equal((await post(SECRET, "no json", take)).status, 400);
});

Deno.test("a secret must be long enough and of letters that Telegram takes", () => {
  checkSecret(SECRET);
  for (const secret of ["", "short", "a secret with blanks in it", "x".repeat(257)]) {
    assert.throws(() => checkSecret(secret), /webhookSecret/u);
  }
});
