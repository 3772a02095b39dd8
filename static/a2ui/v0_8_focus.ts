/** v0.8 draws a surface anew with every message: who types in it meanwhile keeps their place. */
import { Root } from "@a2ui/lit/ui";

interface Place {
  readonly surfaceId: string | null;
  readonly componentId: string;
  readonly start: number | null;
  readonly end: number | null;
}

/** After the elements have drawn themselves; they do it in microtasks. */
const DRAWN_MS = 30;

/** Remembers where the focus is, and returns what puts it back if it was lost. */
export function keepFocus(root: HTMLElement): () => void {
  const place = placeOf(document.activeElement);
  return () => {
    if (place) setTimeout(() => restore(root, place), DRAWN_MS);
  };
}

function placeOf(active: Element | null): Place | undefined {
  let owner: Root | undefined;
  let field = active;
  while (field?.shadowRoot?.activeElement) {
    if (field instanceof Root) owner = field;
    field = field.shadowRoot.activeElement;
  }
  if (!owner?.component) return undefined;
  const [start, end] = isText(field) ? [field.selectionStart, field.selectionEnd] : [null, null];
  return { surfaceId: owner.surfaceId, componentId: owner.component.id, start, end };
}

function restore(root: HTMLElement, { surfaceId, componentId, start, end }: Place): void {
  if (document.activeElement !== document.body && document.activeElement !== null) return;
  const owner = find(root, (element) => element.surfaceId === surfaceId && element.component?.id === componentId);
  const field = owner?.shadowRoot?.querySelector<HTMLElement>("#field, input, button") ?? null;
  field?.focus();
  // Numbers and dates have no place between letters, and no selection then.
  if (isText(field) && start !== null) field.setSelectionRange(start, end);
}

const isText = (field: Element | null): field is HTMLInputElement | HTMLTextAreaElement =>
  field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement;

function find(parent: ParentNode, fits: (element: Root) => boolean): Root | undefined {
  for (const element of parent.children) {
    if (element instanceof Root && fits(element)) return element;
    const found = find(element, fits) ?? (element.shadowRoot ? find(element.shadowRoot, fits) : undefined);
    if (found) return found;
  }
  return undefined;
}
