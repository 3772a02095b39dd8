/** The look of v0.8, whose elements each have a shadow tree; colours come from the page's custom properties. */
import { css } from "lit";

export const fields = css`
  :host {
    display: block;
    flex: var(--weight);
    min-width: 0;
    max-height: none;
  }
  :host(oc-icon) {
    flex: none;
    align-self: center;
  }
  * {
    box-sizing: border-box;
  }
  button,
  input,
  select,
  textarea {
    font: inherit;
    color: inherit;
  }
  label.title,
  legend {
    display: block;
    padding: 0;
    margin-block-end: 0.25rem;
    font-size: 0.875rem;
    font-weight: 550;
  }
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
    display: grid;
    gap: 0.375rem;
  }
  label.choice {
    display: flex;
    align-items: center;
    gap: 0.5rem;
  }
  input:not([type="checkbox"], [type="radio"], [type="range"]),
  textarea {
    width: 100%;
    padding: 0.5rem 0.75rem;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
    background: var(--card);
  }
  textarea {
    min-height: 6rem;
    resize: vertical;
  }
  input:user-invalid {
    border-color: var(--bad);
  }
  input[type="range"] {
    width: 100%;
  }
  input[type="checkbox"],
  input[type="radio"] {
    width: 1.125rem;
    height: 1.125rem;
    margin: 0;
  }
  input[type="checkbox"],
  input[type="radio"],
  input[type="range"] {
    accent-color: var(--accent-fill);
  }
  .value {
    float: inline-end;
    color: var(--soft);
  }
  button.action {
    padding: 0.5rem 1rem;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
    background: var(--card);
    font-weight: 550;
    cursor: pointer;
    --_a2ui-text-color: inherit;
  }
  button.action:hover {
    background: var(--raised);
  }
  button.action.primary {
    border-color: transparent;
    background: var(--accent-fill);
    color: #fff;
  }
  button.action.primary:hover {
    filter: brightness(1.08);
  }
  /* What a button holds stands beside the mark of its action. */
  button.action ::slotted(*) {
    display: inline-block;
  }
`;

/** For the package's own elements. */
export const layout = css`
  :host {
    max-height: none;
    min-width: 0;
  }
  .card {
    padding: 1rem;
    border: 1px solid var(--line);
    border-radius: 14px;
    background: var(--card);
  }
  .column,
  .list {
    gap: 0.75rem;
  }
  .row {
    gap: 0.75rem;
    flex-wrap: wrap;
  }
  hr {
    width: 100%;
    margin: 0;
    border: 0;
    border-block-start: 1px solid var(--line);
    background: none;
  }
  .tabs button {
    padding: 0.5rem 0.875rem;
    border: 0;
    border-block-end: 2px solid transparent;
    background: none;
    color: var(--soft);
    font: inherit;
    font-weight: 550;
    cursor: pointer;
  }
  .tabs button.chosen {
    border-color: var(--accent);
    color: var(--accent);
  }
  #buttons {
    margin-block-end: 0.75rem;
    border-block-end: 1px solid var(--line);
  }
  dialog {
    max-width: min(36rem, calc(100vw - 2rem));
    padding: 1.25rem;
    border: 1px solid var(--line);
    border-radius: 14px;
    background: var(--card);
    color: var(--ink);
  }
  dialog::backdrop {
    background: #0008;
  }
  #controls {
    display: flex;
    justify-content: flex-end;
    margin: 0;
  }
  #controls button {
    display: grid;
    place-items: center;
    width: 2rem;
    height: 2rem;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: var(--raised);
    color: var(--ink);
    cursor: pointer;
  }
  /* The package writes the name of an icon here; without its font that is a word. */
  #controls .g-icon {
    font-size: 0;
  }
  #controls .g-icon::before {
    content: "×";
    font: 600 1.125rem/1 var(--sans);
  }
`;
