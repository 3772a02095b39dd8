/** An image of a message, shown from memory: nothing is fetched from anywhere. */
import { useEffect, useState } from "preact/hooks";
import type { ImagePart } from "../state/model.ts";
import { Icon } from "./icons.tsx";
import { useUi } from "./context.ts";

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

/** `alt`: what it is for those who cannot see it, when more is known than that it is an image. */
export function Picture({ image, alt }: { image: ImagePart; alt?: string }) {
  const { t } = useUi();
  const [url, setUrl] = useState<string>();
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
        <Icon name="image" /> {alt ?? t.image}
      </span>
    );
  }
  return (
    <a class="picture" href={url} target="_blank" rel="noopener noreferrer">
      <img src={url} alt={alt ?? t.image} />
    </a>
  );
}
