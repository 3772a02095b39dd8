/** The page of A2UI v0.9: the package's processor and elements, in our host. */
import { A2uiSurface, basicCatalog } from "@a2ui/lit/v0_9";
import { Catalog, createFunctionImplementation, MessageProcessor, OpenUrlApi } from "@a2ui/web_core/v0_9";
import type { WebComponentImplementation } from "@a2ui/web_core/v0_9";
import { type Host, type Renderer, startHost } from "./host.ts";
import { keepReachable } from "./reachable.ts";
import { look } from "./look.ts";
import { defineElements } from "./v0_9_elements.ts";

/** Draws into the page itself, so that one style sheet is enough and labels can name their fields. */
class Surface extends A2uiSurface {
  protected override createRenderRoot() {
    return this;
  }
}
customElements.define("oc-surface", Surface);

/** The basic catalog with our own elements in it; a component that it does not have is shown as unknown. */
function catalogFor(host: Host): Catalog<WebComponentImplementation> {
  const { drawn, unknown } = defineElements(host);
  const openUrl = createFunctionImplementation(OpenUrlApi, ({ url }) => host.openUrl(url));
  const catalog = new Catalog<WebComponentImplementation>(
    basicCatalog.id,
    [...basicCatalog.components.values(), ...drawn],
    [...basicCatalog.functions.values(), openUrl],
  );
  const { components } = catalog;
  const find = components.get.bind(components);
  Object.assign(components, { get: (name: string) => find(name) ?? unknown });
  return catalog;
}

function createRenderer(host: Host): Renderer {
  const processor = new MessageProcessor(
    [catalogFor(host)],
    ({ name, surfaceId, sourceComponentId, timestamp, context }) => {
      const data: unknown = processor.getClientDataModel()?.surfaces[surfaceId];
      // A surface that asked for it sends what people entered with every action.
      const whole = data === undefined ? context : { ...context, dataModel: data };
      host.act({ name, surfaceId, sourceComponentId, timestamp, context: whole });
    },
  );
  const shown = new Map<string, HTMLElement>();
  processor.onSurfaceCreated((model) => {
    const element = new Surface();
    element.surface = model;
    element.className = "surface";
    shown.set(model.id, element);
    host.root.append(element);
  });
  processor.onSurfaceDeleted((id) => {
    shown.get(id)?.remove();
    shown.delete(id);
  });
  const remove = (surfaceId: string) => processor.processMessages([{ version: "v0.9", deleteSurface: { surfaceId } }]);
  return {
    version: "v0.9",
    apply(messages) {
      for (const message of messages.map(asMessage)) {
        // Whoever shows a surface anew means it: a parent that begins again replays what there is.
        if ("createSurface" in message && shown.has(message.createSurface.surfaceId)) {
          remove(message.createSurface.surfaceId);
        }
        processor.processMessages([message]);
      }
    },
    reset: () => [...shown.keys()].forEach(remove),
    surfaces: () => [...shown.keys()],
  };
}

type Message = Parameters<MessageProcessor<WebComponentImplementation>["processMessages"]>[0] extends infer M
  ? M extends readonly (infer One)[] ? One : never
  : never;

/** The gateway checked it; a native app may send anything. v0.9.1 is v0.9 under another name. */
function asMessage(value: unknown): Message {
  if (typeof value !== "object" || value === null || !String(Reflect.get(value, "version")).startsWith("v0.9")) {
    throw new Error('Cannot show a message without "version": "v0.9"; this page shows A2UI v0.9');
  }
  return JSON.parse(JSON.stringify(value));
}

document.adoptedStyleSheets = [...document.adoptedStyleSheets, ...(look.styleSheet ? [look.styleSheet] : [])];
startHost((host) => {
  keepReachable(host.root);
  return createRenderer(host);
});
