/** Components of v0.9 that we draw ourselves: texts, icons, and what would otherwise load from elsewhere. */
import {
  AudioPlayerApi,
  BasicCatalogA2uiLitElement,
  DividerApi,
  IconApi,
  ImageApi,
  TextApi,
  VideoApi,
} from "@a2ui/web_core/v0_9/basic_catalog";
import { html, svg } from "lit";
import type { Host } from "./host.ts";
import { icon } from "./icons.ts";
import { picture, sound, video } from "./media.ts";
import { textElement } from "./text.ts";

/** Defines the elements, which have to know the host, and says which component each draws. */
export function defineElements({ openUrl }: Host) {
  class Text extends BasicCatalogA2uiLitElement<typeof TextApi> {
    override readonly api = TextApi;
    override render() {
      const { text, variant } = this.controller.props;
      return html`${textElement(text, variant)}`;
    }
  }
  class Icon extends BasicCatalogA2uiLitElement<typeof IconApi> {
    override readonly api = IconApi;
    override render() {
      const name: unknown = this.controller.props.name;
      const label = this.context.componentModel.properties["accessibility"] === undefined ? undefined : String(name);
      if (typeof name === "string") return icon(name, label);
      const path: unknown = typeof name === "object" && name !== null ? Reflect.get(name, "svgPath") : undefined;
      return html`<svg class="oc-icon" viewBox="0 0 24 24" aria-hidden="true">
        ${svg`<path d=${typeof path === "string" ? path : ""}></path>`}
      </svg>`;
    }
  }
  class Image extends BasicCatalogA2uiLitElement<typeof ImageApi> {
    override readonly api = ImageApi;
    override render() {
      const { url, description, fit, variant } = this.controller.props;
      return picture({ url, description, fit, hint: variant }, openUrl);
    }
  }
  class Video extends BasicCatalogA2uiLitElement<typeof VideoApi> {
    override readonly api = VideoApi;
    override render = () => video(this.controller.props.url, openUrl);
  }
  class Sound extends BasicCatalogA2uiLitElement<typeof AudioPlayerApi> {
    override readonly api = AudioPlayerApi;
    override render = () => sound(this.controller.props.url, this.controller.props.description, openUrl);
  }
  class Unknown extends BasicCatalogA2uiLitElement<typeof UnknownApi> {
    override readonly api = UnknownApi;
    override render = () => html`<div class="oc-unknown">Unknown component: ${this.context.componentModel.type}</div>`;
  }
  const define = <A>(api: A, tagName: string, element: CustomElementConstructor): A & { tagName: string } => {
    customElements.define(tagName, element);
    return { ...api, tagName };
  };
  return {
    drawn: [
      define(TextApi, "oc-text", Text),
      define(IconApi, "oc-icon", Icon),
      define(ImageApi, "oc-image", Image),
      define(VideoApi, "oc-video", Video),
      define(AudioPlayerApi, "oc-sound", Sound),
    ],
    unknown: define(UnknownApi, "oc-unknown", Unknown),
  };
}

/** Takes any properties: what they mean is not known. */
const UnknownApi = { name: "Unknown", schema: DividerApi.schema.pick({ weight: true }).passthrough() };
