/** The page of A2UI v0.8: the package's processor and layout, our fields, in our host. */
import { Context, Root, Surface } from "@a2ui/lit/ui";
import { Data } from "@a2ui/lit/v0_8";
import { ContextProvider } from "@lit/context";
import { LitElement } from "lit";
import { type Host, type Renderer, startHost } from "./host.ts";
import { registerElements } from "./v0_8_elements.ts";
import { keepFocus } from "./v0_8_focus.ts";
import { layout } from "./v0_8_look.ts";
import { isFields, plainId, prepare } from "./v0_8_messages.ts";
import { theme } from "./v0_8_theme.ts";
import { valueOf } from "./v0_8_values.ts";

/** The package's elements get our style sheet after their own. */
function addLook(): void {
  const own: () => HTMLElement | DocumentFragment = Reflect.get(LitElement.prototype, "createRenderRoot");
  Object.assign(Root.prototype, {
    createRenderRoot(this: Root) {
      const root = own.call(this);
      const ours = String(this.tagName).startsWith("A2UI-") && layout.styleSheet ? [layout.styleSheet] : [];
      if (root instanceof ShadowRoot) root.adoptedStyleSheets = [...root.adoptedStyleSheets, ...ours];
      return root;
    },
  });
}

function createRenderer(host: Host): Renderer {
  const processor = Data.createSignalA2uiMessageProcessor();
  const shown = new Map<string, Surface>();
  host.root.addEventListener("oc-action", (event) => {
    const detail: unknown = event instanceof CustomEvent ? event.detail : undefined;
    if (!isFields(detail) || !(detail["element"] instanceof Root) || !isFields(detail["action"])) return;
    const { element, action } = { element: detail["element"], action: detail["action"] };
    host.act({
      name: String(action["name"] ?? ""),
      surfaceId: element.surfaceId ?? "",
      sourceComponentId: plainId(element.component?.id ?? ""),
      timestamp: new Date().toISOString(),
      context: contextOf(element, action["context"]),
    });
  });

  /** Surfaces that have begun are on the page, in the order in which they came, and no others. */
  const draw = () => {
    const surfaces = processor.getSurfaces();
    for (const [id, element] of shown) {
      if (surfaces.has(id)) continue;
      element.remove();
      shown.delete(id);
    }
    for (const [id, surface] of surfaces) {
      let element = shown.get(id);
      if (!element) {
        element = new Surface();
        element.className = "surface";
        shown.set(id, element);
        host.root.append(element);
      }
      Object.assign(element, { surfaceId: id, surface, processor, enableCustomElements: true });
      element.requestUpdate();
    }
  };

  return {
    version: "v0.8",
    apply(messages) {
      const backToFocus = keepFocus(host.root);
      try {
        for (const message of messages) take(processor, message);
      } finally {
        draw();
        backToFocus();
      }
    },
    reset() {
      processor.clearSurfaces();
      draw();
    },
    surfaces: () => [...shown.keys()],
  };
}

type Processor = ReturnType<typeof Data.createSignalA2uiMessageProcessor>;

/**
 * One message, by the processor's own steps. Its `processMessages` refuses components whose children come in a later
 * message, which the specification allows; the gateway has checked the rest.
 */
function take(processor: Processor, message: unknown): void {
  const { kind, surfaceId, body } = prepare(message);
  const step = Reflect.get(processor, STEPS[kind]);
  if (typeof step !== "function") throw new Error(`Cannot show ${kind}: the renderer has no step for it`);
  Reflect.apply(step, processor, [body, surfaceId]);
}

const STEPS = {
  beginRendering: "handleBeginRendering",
  surfaceUpdate: "handleSurfaceUpdate",
  dataModelUpdate: "handleDataModelUpdate",
  deleteSurface: "handleDeleteSurface",
} as const;

/** `[{key, value}]` with bindings resolved, as a plain object. */
function contextOf(element: Root, entries: unknown): Record<string, unknown> {
  const list = Array.isArray(entries) ? entries.filter(isFields) : [];
  return Object.fromEntries(list.map(({ key, value }) => [String(key), plain(valueOf(element, value))]));
}

/** Maps of the data model as objects: what goes out must be JSON. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  if (Array.isArray(value)) return value.map(plain);
  return value ?? null;
}

addLook();
startHost((host) => {
  new ContextProvider(host.root, { context: Context.themeContext, initialValue: theme });
  registerElements(host);
  return createRenderer(host);
});
