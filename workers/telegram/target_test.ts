import assert from "node:assert/strict";
import { addressOf } from "./target.ts";
import { uploadKind, uploadName } from "./upload.ts";

Deno.test("chats are numbers or public names, with or without the channel's prefix and a topic", () => {
  assert.equal(addressOf({ chatId: "-1001" }).chatId, -1001);
  assert.equal(addressOf({ chatId: "telegram:42" }).chatId, 42);
  assert.equal(addressOf({ chatId: "tg:@some_group" }).chatId, "@some_group");
  assert.deepEqual(addressOf({ chatId: "-1001:topic:7" }).threadId, 7);
  for (const chatId of ["anna", "@x", "1.5", "-", "@a b c d"]) {
    assert.throws(() => addressOf({ chatId }), /Cannot use/u);
  }
});

Deno.test("the general topic is left out of messages and named for typing", () => {
  const { threadId, typingThreadId } = addressOf({ chatId: "-1001", threadId: "1" });
  assert.deepEqual([threadId, typingThreadId], [undefined, 1]);
});

Deno.test("ids that are no numbers are refused", () => {
  assert.throws(() => addressOf({ chatId: "1", replyToId: "abc" }), /message id "abc"/u);
  assert.throws(() => addressOf({ chatId: "1", threadId: "x" }), /thread id "x"/u);
});

const media = (kind: "image" | "voice" | "document", mimeType: string, fileName?: string) => ({
  kind,
  mimeType,
  data: new Uint8Array(3),
  ...(fileName === undefined ? {} : { fileName }),
});

Deno.test("what a kind of Telegram's does not take goes as a document", () => {
  assert.equal(uploadKind(media("image", "image/png")), "photo");
  assert.equal(uploadKind(media("image", "image/svg+xml")), "document");
  assert.equal(uploadKind(media("voice", "audio/ogg; codecs=opus")), "voice");
});

Deno.test("file names can stand in a header and say their type", () => {
  assert.equal(uploadName(media("image", "image/png")), "image.png");
  assert.equal(uploadName(media("document", "a/b", "plan.pdf")), "plan.pdf");
  assert.equal(uploadName(media("document", "a/b", '../x"\r\ny.pdf')), ".._x___y.pdf");
  assert.equal(uploadName(media("document", "a/b", "my plan.pdf")), '"my plan.pdf"');
});
