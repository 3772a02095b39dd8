/** Unit tests of what becomes of the files that tools made for a chat. */
import assert from "node:assert/strict";
import { createFakeManifest } from "../../tests/helpers/manifests.ts";
import type { ToolMedia } from "../agent/types.ts";
import { chatMedia } from "./run_media.ts";

const PLACE = { channel: "fake", accountId: "default" };
const JPEG = [0xff, 0xd8, 0xff, 0xe0];
const file = (fileName: string, bytes: readonly number[], more: Partial<ToolMedia> = {}): ToolMedia => ({
  kind: "image",
  mimeType: "image/jpeg",
  fileName,
  data: Uint8Array.from(bytes),
  ...more,
});
const channels = (capabilities: Parameters<typeof createFakeManifest>[0], config: Record<string, unknown> = {}) => ({
  manifests: () => [createFakeManifest(capabilities)],
  accountConfig: () => config,
});

Deno.test("a file goes out as what its bytes are, under a clean name", () => {
  const html = [...new TextEncoder().encode("<script>")];
  const { media, refused } = chatMedia(channels({}), PLACE, [
    file("photo.jpg", JPEG),
    file("../../etc/page.jpg", html),
  ]);
  assert.deepEqual(media.map(({ kind, mimeType, fileName }) => [kind, mimeType, fileName]), [
    ["image", "image/jpeg", "photo.jpg"],
    ["document", "application/octet-stream", "page.jpg"],
  ]);
  assert.deepEqual(refused, []);
});

Deno.test("a chat that takes no files, or none so large, gets a line that names each", () => {
  const none = chatMedia(channels({ capabilities: { mediaOut: false } }), PLACE, [file("photo.jpg", JPEG)]);
  assert.deepEqual(none, { media: [], refused: ["(photo.jpg could not be sent: this chat takes no files.)"] });
  const large = file("clip.mp4", [], { data: new Uint8Array(3 << 20), mimeType: "video/mp4" });
  const small = chatMedia(channels({}, { mediaMaxMb: 2 }), PLACE, [large, file("photo.jpg", JPEG)]);
  assert.deepEqual(small.refused, ["(clip.mp4 could not be sent: it is larger than 2 MB.)"]);
  assert.equal(small.media.length, 1);
});
