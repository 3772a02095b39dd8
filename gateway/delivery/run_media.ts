/** What tools made for a chat, as far as its platform takes it; what it does not take is named in the answer. */
import type { ToolMedia } from "../agent/types.ts";
import type { Channels } from "../supervisor/types.ts";
import { cleanFileName, mediaKind, sniffMimeType } from "./media_type.ts";
import { readPolicy } from "./policy.ts";
import type { MediaOut } from "./types.ts";

const MB = 1 << 20;

/** The bytes decide what a file is: a device may send a page under the name of a picture. */
export function chatMedia(
  channels: Pick<Channels, "manifests" | "accountConfig">,
  { channel, accountId }: { readonly channel: string; readonly accountId: string },
  made: readonly ToolMedia[],
): { readonly media: MediaOut[]; readonly refused: string[] } {
  const media: MediaOut[] = [];
  const refused: string[] = [];
  if (made.length === 0) return { media, refused };
  const can = channels.manifests().find(({ id }) => id === channel)?.capabilities;
  const { mediaMaxMb } = readPolicy(channels.accountConfig(channel, accountId), can, "hold");
  for (const { data, mimeType: said, fileName: named } of made) {
    const fileName = cleanFileName(named) ?? "file";
    const mimeType = sniffMimeType(data, said);
    if (can?.mediaOut !== true) refused.push(`(${fileName} could not be sent: this chat takes no files.)`);
    else if (data.length > mediaMaxMb * MB) {
      refused.push(`(${fileName} could not be sent: it is larger than ${mediaMaxMb} MB.)`);
    } else media.push({ kind: mediaKind(mimeType), mimeType, fileName, data });
  }
  return { media, refused };
}
