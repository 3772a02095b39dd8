/** Components of v0.8 that we draw ourselves: texts, icons, media, and fields that keyboards and screen readers can use. */
import { componentRegistry, Root } from "@a2ui/lit/ui";
import { html, nothing, type TemplateResult } from "lit";
import type { Host } from "./host.ts";
import { icon } from "./icons.ts";
import { look } from "./look.ts";
import { picture, sound, video } from "./media.ts";
import { textElement } from "./text.ts";
import { fields } from "./v0_8_look.ts";
import { isFields } from "./v0_8_messages.ts";
import { listOf, textOf, valueOf, write } from "./v0_8_values.ts";

type Properties = Readonly<Record<string, unknown>>;

/** An element with its component's properties; reading what they are bound to makes it follow the data. */
abstract class Drawn extends Root {
  static override styles = [look, fields];
  protected get properties(): Properties {
    const properties: unknown = this.component?.properties;
    return isFields(properties) ? properties : {};
  }
  override render(): TemplateResult {
    return this.draw(this.properties);
  }
  protected abstract draw(properties: Properties): TemplateResult;
}

const typed = (event: Event): string =>
  event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement ? event.target.value : "";
const isChecked = (event: Event): boolean => event.target instanceof HTMLInputElement && event.target.checked;

class Text extends Drawn {
  draw = ({ text, usageHint }: Properties) => html`${textElement(valueOf(this, text), usageHint)}`;
}

class Icon extends Drawn {
  draw = ({ name }: Properties) => icon(textOf(this, name));
}

class Button extends Drawn {
  override connectedCallback() {
    super.connectedCallback();
    const child: unknown = this.properties["child"];
    // The package hands on whether our elements count, and does not tell those that it makes this way.
    if (isFields(child)) Object.assign(this, { childComponents: [child], enableCustomElements: true });
  }
  draw = ({ primary, action }: Properties) =>
    html`
      <button type="button" class=${primary === true ? "action primary" : "action"} @click=${() => this.act(action)}>
        <slot></slot>
      </button>
    `;
  private act(action: unknown) {
    this.dispatchEvent(
      new CustomEvent("oc-action", { bubbles: true, composed: true, detail: { element: this, action } }),
    );
  }
}

const INPUT_TYPES: Readonly<Record<string, string>> = { number: "number", date: "date", obscured: "password" };

class TextField extends Drawn {
  draw = ({ label, text, textFieldType, validationRegexp }: Properties) => {
    const value = textOf(this, text);
    const input = (event: Event) => write(this, text, typed(event));
    const field = textFieldType === "longText"
      ? html`<textarea id="field" .value=${value} @input=${input}></textarea>`
      : html`
        <input id="field" type=${INPUT_TYPES[String(textFieldType)] ?? "text"} autocomplete="off" .value=${value}
          pattern=${typeof validationRegexp === "string" ? validationRegexp : nothing} @input=${input} />
      `;
    return html`<label class="title" for="field">${textOf(this, label)}</label>${field}`;
  };
}

class CheckBox extends Drawn {
  draw = ({ label, value }: Properties) =>
    html`
      <label class="choice">
        <input type="checkbox" .checked=${valueOf(this, value) === true}
          @change=${(event: Event) => write(this, value, isChecked(event))} />
        <span>${textOf(this, label)}</span>
      </label>
    `;
}

class Slider extends Drawn {
  draw = ({ label, value, minValue, maxValue }: Properties) => {
    const now = Number(valueOf(this, value) ?? minValue ?? 0);
    const title = textOf(this, label);
    return html`
      <label class="title" for="field">${title} <span class="value">${now}</span></label>
      <input id="field" type="range" min=${Number(minValue ?? 0)} max=${Number(maxValue ?? 100)} .value=${String(now)}
        aria-label=${title === "" ? "Value" : nothing} @input=${(event: Event) =>
          write(this, value, Number(typed(event)))} />
    `;
  };
}

class DateTime extends Drawn {
  draw = ({ value, enableDate, enableTime }: Properties) => {
    const [date, time] = [enableDate !== false, enableTime !== false];
    const type = date && time ? "datetime-local" : date ? "date" : "time";
    // What the field shows has no zone; a value that has one is shown as it is written.
    const shown = textOf(this, value).replace(/(:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/u, "$1");
    return html`
      <input type=${type} aria-label="When" .value=${shown}
        @input=${(event: Event) => write(this, value, typed(event))} />
    `;
  };
}

class MultipleChoice extends Drawn {
  draw = ({ selections, options, maxAllowedSelections }: Properties) => {
    const chosen = listOf(this, selections);
    const most = Number(maxAllowedSelections ?? Infinity);
    const list = Array.isArray(options) ? options.filter(isFields) : [];
    const choose = (option: string, on: boolean) => {
      const others = chosen.filter((other) => other !== option);
      const next = !on ? others : most === 1 ? [option] : [...others, option];
      if (next.length <= most) write(this, selections, next);
      this.requestUpdate();
    };
    return html`
      <fieldset aria-label="Choices">
        ${list.map(({ label, value }) => {
          const option = String(value);
          return html`
            <label class="choice">
              <input type=${most === 1 ? "radio" : "checkbox"} name="choice" .checked=${chosen.includes(option)}
                @change=${(event: Event) => choose(option, isChecked(event))} />
              <span>${textOf(this, label)}</span>
            </label>
          `;
        })}
      </fieldset>
    `;
  };
}

class Unknown extends Drawn {
  draw = ({ type }: Properties) => html`<div class="oc-unknown">Unknown component: ${String(type)}</div>`;
}

/** Puts our elements in the place of the package's. */
export function registerElements({ openUrl }: Host): void {
  class Image extends Drawn {
    draw = ({ url, altText, fit, usageHint }: Properties) =>
      picture({ url: textOf(this, url), description: textOf(this, altText), fit, hint: usageHint }, openUrl);
  }
  class Video extends Drawn {
    draw = ({ url }: Properties) => video(textOf(this, url), openUrl);
  }
  class Sound extends Drawn {
    draw = ({ url, description }: Properties) => sound(textOf(this, url), textOf(this, description), openUrl);
  }
  const elements = {
    Text,
    Icon,
    Button,
    TextField,
    CheckBox,
    Slider,
    DateTimeInput: DateTime,
    MultipleChoice,
    Unknown,
    Image,
    Video,
  };
  for (const [type, element] of Object.entries({ ...elements, AudioPlayer: Sound })) {
    componentRegistry.register(type, element, `oc-${type.toLowerCase()}`);
  }
}
