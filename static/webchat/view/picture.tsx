/** An image of a message, shown from memory: nothing is fetched from anywhere. */
import { useEffect, useState } from "preact/hooks";
import type { ImagePart } from "../state/model.ts";
import { useUi } from "./context.ts";
import { Dialog, DialogHead } from "./dialog.tsx";
import { Icon } from "./icons.tsx";

export const IMAGE_TYPES: readonly string[] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

function blobOf(image: ImagePart): Blob | undefined {
  if (!image.data || !IMAGE_TYPES.includes(image.mimeType)) return undefined;
  try {
    const bytes = Uint8Array.from(atob(image.data), (char) => char.charCodeAt(0));
    return new Blob([bytes], { type: image.mimeType });
  } catch {
    return undefined;
  }
}

interface PictureProps {
  readonly image: ImagePart;
  /** What it is for those who cannot see it, when more is known than that it is an image. */
  readonly alt?: string;
  /** Only to look at: a press does not open it. */
  readonly still?: boolean;
}

export function Picture({ image, alt, still }: PictureProps) {
  const { t } = useUi();
  const [url, setUrl] = useState<string>();
  const [large, setLarge] = useState(false);
  const words = alt ?? t.image;
  useEffect(() => {
    const blob = blobOf(image);
    if (!blob) return;
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [image]);
  if (url === undefined) {
    return (
      <span class="chip">
        <Icon name="image" /> {words}
      </span>
    );
  }
  if (still) return <img class="picture" src={url} alt={words} />;
  return (
    <>
      <button type="button" class="picture" title={t.enlarge} onClick={() => setLarge(true)}>
        <img src={url} alt={words} />
      </button>
      {large && (
        <Dialog label={words} name="lightbox" onClose={() => setLarge(false)}>
          <DialogHead title={words} onClose={() => setLarge(false)} />
          <img src={url} alt={words} />
          <p class="row end">
            <a class="button" href={url} download={`image.${image.mimeType.split("/")[1] ?? "png"}`}>{t.download}</a>
          </p>
        </Dialog>
      )}
    </>
  );
}
