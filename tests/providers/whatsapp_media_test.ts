/** Attachments over WhatsApp, in both directions, without a disk. */
import assert from "node:assert/strict";
import type { proto } from "@whiskeysockets/baileys";
import type { MediaRef, Outbound } from "../../schemas/worker/content.ts";
import { ChannelFailure } from "../../gateway/supervisor/types.ts";
import type { ChannelWorker } from "../helpers/channel_worker.ts";
import { AGAINST, startLinked } from "../servers/whatsapp/lab.ts";
import { textOf } from "../servers/whatsapp/server.ts";

const ANNA = "+4917000000002";
const bytes = (size: number): Uint8Array<ArrayBuffer> => {
  const data = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(data.subarray(at, Math.min(size, at + 65_536)));
  return data;
};

/** So many seconds of silence. */
function wave(seconds: number): Uint8Array<ArrayBuffer> {
  const samples = seconds * 8_000;
  const data = new Uint8Array(44 + samples).fill(128);
  const view = new DataView(data.buffer);
  data.set(new TextEncoder().encode("RIFF....WAVEfmt "));
  view.setUint32(4, 36 + samples, true);
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 8_000, true);
  view.setUint32(28, 8_000, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  data.set(new TextEncoder().encode("data"), 36);
  view.setUint32(40, samples, true);
  return data;
}

const withCode = (code: string, words: RegExp) => (error: unknown): boolean => {
  assert.ok(error instanceof ChannelFailure);
  assert.equal(error.error.code, code);
  assert.match(error.error.message, words);
  return true;
};

async function nextMedia(worker: ChannelWorker): Promise<MediaRef> {
  const { event } = await worker.nextInbound();
  assert.ok(event.kind === "message" && event.media[0]);
  return event.media[0];
}

const fetchOf = (worker: ChannelWorker, { ref }: MediaRef, maxBytes = 1_000_000) =>
  worker.request({ type: "media.fetch", ref, maxBytes });

Deno.test(`${AGAINST} a picture comes in with its caption and is decrypted in memory`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const anna = server.person("4917000000002");
  const data = bytes(150_000);
  const file = await server.media.put(data, "image");
  await server.say(anna, { imageMessage: { ...file, mimetype: "image/png", caption: "look" } });
  const { event } = await worker.nextInbound();
  assert.ok(event.kind === "message" && event.media[0]);
  assert.equal(event.text, "look");
  const { ref, ...rest } = event.media[0];
  assert.deepEqual(rest, { kind: "image", mimeType: "image/png", bytes: 150_000 });
  assert.deepEqual(await worker.request({ type: "media.fetch", ref, maxBytes: 200_000 }), {
    kind: "media",
    data,
    mimeType: "image/png",
  });
  await assert.rejects(
    worker.request({ type: "media.fetch", ref, maxBytes: 1000 }),
    withCode("too_large", /1000 bytes/u),
  );
});

Deno.test(`${AGAINST} voice notes, stickers, videos and documents are told apart`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const anna = server.person("4917000000002");
  const [audio, image, video, document] = await Promise.all(
    (["audio", "image", "video", "document"] as const).map((type) => server.media.put(bytes(500), type)),
  );
  const messages: proto.IMessage[] = [
    { audioMessage: { ...audio, ptt: true, mimetype: "audio/ogg; codecs=opus" } },
    { audioMessage: { ...audio, mimetype: "audio/mp4" } },
    { stickerMessage: { ...image, mimetype: "image/webp" } },
    { viewOnceMessageV2: { message: { videoMessage: { ...video, mimetype: "video/mp4" } } } },
    {
      documentWithCaptionMessage: {
        message: { documentMessage: { ...document, mimetype: "text/plain", fileName: "a.txt", caption: "read" } },
      },
    },
  ];
  const kinds: string[] = [];
  for (const message of messages) {
    await server.say(anna, message);
    const media = await nextMedia(worker);
    kinds.push(media.kind);
    if (media.kind !== "sticker") await fetchOf(worker, media);
  }
  assert.deepEqual(kinds, ["voice", "audio", "sticker", "video", "document"]);
});

Deno.test(`${AGAINST} an attachment on another host is not fetched, nor one behind a redirect`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const reached: string[] = [];
  const other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    reached.push(request.url);
    return new Response("x");
  });
  try {
    const anna = server.person("4917000000002");
    const file = await server.media.put(bytes(500), "image");
    const foreign = `https://127.0.0.1:${other.addr.port}/x`;
    await server.say(anna, { imageMessage: { ...file, url: foreign, mimetype: "image/png" } });
    await assert.rejects(fetchOf(worker, await nextMedia(worker)), withCode("forbidden", /may not reach/u));
    server.media.redirect(file.directPath, `http://127.0.0.1:${other.addr.port}/after`);
    await server.say(anna, { imageMessage: { ...file, mimetype: "image/png" } });
    await assert.rejects(fetchOf(worker, await nextMedia(worker)), withCode("forbidden", /may not reach/u));
    assert.deepEqual(reached, []);
  } finally {
    await other.shutdown();
  }
});

Deno.test(`${AGAINST} a changed or missing attachment is refused with its reason`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const anna = server.person("4917000000002");
  const file = await server.media.put(bytes(500), "image");
  await server.say(anna, { imageMessage: { ...file, mimetype: "image/png" } });
  const media = await nextMedia(worker);
  server.media.damage(file.directPath);
  await assert.rejects(fetchOf(worker, media), withCode("platform", /its code does not match/u));
  server.media.remove(file.directPath);
  await assert.rejects(fetchOf(worker, media), withCode("not_found", /no longer on WhatsApp/u));
  await assert.rejects(
    worker.request({ type: "media.fetch", ref: "bm9uc2Vuc2U", maxBytes: 10 }),
    withCode("invalid", /not understood/u),
  );
});

Deno.test(`${AGAINST} attachments go out encrypted, with caption, name and kind`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  server.person("4917000000002");
  const send = (media: Outbound["media"], words: string, key: string) =>
    worker.request({
      type: "send",
      message: { target: { chatId: ANNA }, text: words, idempotencyKey: key, ...media ? { media } : {} },
    });
  const picture = bytes(300_000);
  await send({ kind: "image", mimeType: "image/jpeg", data: picture }, "**look**", "m1");
  const { message: { imageMessage } } = await server.waitText("*look*");
  assert.deepEqual(await server.media.read(imageMessage ?? {}, "image"), picture);

  const paper = bytes(20_000);
  await send({ kind: "document", mimeType: "application/pdf", fileName: "a.pdf", data: paper }, "", "m2");
  const { message: { documentMessage } } = await server.waitSent(
    "the document",
    ({ message }) => !!message.documentMessage,
  );
  assert.equal(documentMessage?.fileName, "a.pdf");
  assert.deepEqual(await server.media.read(documentMessage ?? {}, "document"), paper);

  // A voice note has no caption: the words follow as a message of their own.
  const value = await send({ kind: "voice", mimeType: "audio/ogg; codecs=opus", data: bytes(5_000) }, "words", "m3");
  assert.ok(value.kind === "receipt" && value.receipt.messageIds.length === 2);
  const note = await server.waitSent("the voice note", ({ message }) => message.audioMessage?.ptt === true);
  assert.equal(textOf((await server.waitText("words")).message), "words");
  assert.equal(note.id, value.receipt.messageIds[0]);
  // Its length is read from the file, which no phone shows otherwise.
  await send({ kind: "audio", mimeType: "audio/wav", data: wave(3) }, "", "m4");
  const song = await server.waitSent("the song", ({ message }) => message.audioMessage?.mimetype === "audio/wav");
  assert.deepEqual([song.message.audioMessage?.seconds, song.message.audioMessage?.ptt], [3, false]);
  assert.equal(server.media.uploads, 4);
  assert.deepEqual([server.faults, server.media.refused], [[], []]);
});

Deno.test(`${AGAINST} a failed upload says nothing in the chat, and the next attempt is one message`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  server.person("4917000000002");
  const send = () =>
    worker.request({
      type: "send",
      message: {
        target: { chatId: ANNA },
        text: "pic",
        media: { kind: "image", mimeType: "image/png", data: bytes(100) },
        idempotencyKey: "up",
      },
    });
  server.media.failUploads(2, 507);
  await assert.rejects(send(), (error) => {
    assert.ok(error instanceof ChannelFailure);
    assert.deepEqual([error.error.outcome, error.error.retryable], ["not_sent", true]);
    assert.match(error.error.message, /answered 507/u);
    // The address of an upload holds a secret of the session.
    assert.equal(error.error.message.includes(server.media.auth), false);
    return true;
  });
  assert.equal(server.sent.length, 0);
  await send();
  assert.equal(server.sent.length, 1);
});
