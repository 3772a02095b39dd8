/** Styles of controls, media and text that both versions share; in a page of v0.9 once, in v0.8 in every shadow tree. */
import { css } from "lit";

/** `data-action` on a control tells how far its action is. */
export const look = css`
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  button[data-action]::after {
    content: "";
    display: inline-block;
    width: 0.875em;
    height: 0.875em;
    margin-inline-start: 0.5em;
    vertical-align: -0.125em;
    text-align: center;
    line-height: 0.875em;
    font-weight: 700;
  }
  button[data-action="pending"],
  button[data-action="working"] {
    cursor: progress;
    opacity: 0.8;
  }
  button[data-action="pending"]::after,
  button[data-action="working"]::after {
    border: 2px solid currentColor;
    border-inline-end-color: transparent;
    border-radius: 50%;
    animation: turn 0.9s linear infinite;
  }
  button[data-action="done"]::after {
    content: "✓";
  }
  button[data-action="error"]::after {
    content: "!";
  }
  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }
  oc-icon {
    display: inline-flex;
    align-self: center;
  }
  a2ui-basic-row {
    flex-wrap: wrap;
  }
  .a2ui-option-label.a2ui-option-label {
    font-size: 1rem;
    font-weight: normal;
  }
  .a2ui-button.borderless {
    --_a2ui-text-color: var(--accent);
  }
  .a2ui-button.primary {
    border: 1px solid transparent;
  }
  .a2ui-checkbox input {
    margin: 0;
  }
  .oc-icon {
    display: inline-block;
    width: 1.375em;
    height: 1.375em;
    vertical-align: -0.3em;
    fill: currentColor;
    flex: none;
  }
  .oc-media {
    display: inline-flex;
    align-items: center;
    gap: 0.5rem;
    max-width: 100%;
    padding: 0.5rem 0.75rem;
    border: 1px dashed var(--line-strong);
    border-radius: var(--radius);
    background: var(--raised);
    color: var(--ink);
    font: inherit;
    text-align: start;
    cursor: pointer;
  }
  .oc-media small {
    color: var(--soft);
  }
  .oc-media[disabled] {
    cursor: default;
  }
  .oc-image {
    display: block;
    max-width: 100%;
    height: auto;
    border-radius: var(--radius);
  }
  .oc-image.fit-contain {
    object-fit: contain;
  }
  .oc-image.fit-cover {
    object-fit: cover;
  }
  .oc-image.fit-fill {
    object-fit: fill;
  }
  .oc-image.fit-none {
    object-fit: none;
  }
  .oc-image.fit-scale-down,
  .oc-image.fit-scaleDown {
    object-fit: scale-down;
  }
  .oc-image.icon {
    width: 1.5rem;
    height: 1.5rem;
  }
  .oc-image.avatar {
    width: 2.75rem;
    height: 2.75rem;
    border-radius: 50%;
  }
  .oc-image.smallFeature {
    max-width: 7rem;
  }
  .oc-image.mediumFeature {
    max-width: 18rem;
  }
  .oc-image.largeFeature {
    max-height: 25rem;
  }
  .oc-image.header {
    width: 100%;
    height: 12.5rem;
  }
  .oc-unknown {
    padding: 0.5rem 0.75rem;
    border: 1px dashed var(--bad);
    border-radius: var(--radius);
    color: var(--bad);
  }
  .oc-text {
    color: var(--_a2ui-text-color, inherit);
  }
  .oc-text :is(h1, h2, h3, h4, h5, h6, p, ul, ol, blockquote, pre) {
    margin: 0;
  }
  .oc-text > * + * {
    margin-block-start: 0.5em;
  }
  .oc-text :is(h1, h2, h3, h4, h5, h6) {
    font-weight: 650;
    line-height: 1.25;
  }
  .oc-text h1 {
    font-size: 1.625rem;
    letter-spacing: -0.01em;
  }
  .oc-text h2 {
    font-size: 1.3125rem;
  }
  .oc-text h3 {
    font-size: 1.125rem;
  }
  .oc-text :is(h4, h5, h6) {
    font-size: 1rem;
  }
  .oc-text.caption {
    font-size: 0.8125rem;
    color: var(--_a2ui-text-color, var(--soft));
  }
  .oc-text :is(ul, ol) {
    padding-inline-start: 1.25rem;
  }
  .oc-text a {
    color: var(--accent);
  }
  .oc-text :is(code, pre) {
    font-family: ui-monospace, Menlo, Consolas, monospace;
    font-size: 0.9em;
    background: var(--raised);
    border-radius: 6px;
  }
  .oc-text code {
    padding: 0.1em 0.3em;
  }
  .oc-text pre {
    padding: 0.625rem 0.75rem;
    overflow-x: auto;
  }
  .oc-text blockquote {
    padding-inline-start: 0.75rem;
    border-inline-start: 3px solid var(--line-strong);
    color: var(--soft);
  }
  .oc-text table {
    border-collapse: collapse;
  }
  .oc-text :is(th, td) {
    padding: 0.25rem 0.5rem;
    border: 1px solid var(--line);
    text-align: start;
  }
  .copy-code {
    display: none;
  }
`;
