/** Closes gaps of the package's v0.9 elements for keyboards and screen readers: labels, tabs, dialogs. */

let next = 0;

/** Watches what is drawn below `root`. */
export function keepReachable(root: HTMLElement): void {
  new MutationObserver(() => repair(root)).observe(root, { childList: true, subtree: true, characterData: true });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = [...root.querySelectorAll<HTMLElement>(".a2ui-modal-close")].at(-1);
    if (!open) return;
    open.click();
    event.preventDefault();
  });
}

function repair(root: HTMLElement): void {
  for (const label of root.querySelectorAll("label:not([for])")) name(label);
  for (const slider of root.querySelectorAll(".a2ui-slider:not([aria-label])")) {
    const text = slider.closest(".a2ui-slider-container")?.querySelector(".a2ui-slider-label")?.textContent;
    if (text) slider.setAttribute("aria-label", text);
  }
  for (const input of root.querySelectorAll(".a2ui-date-time-inputs input:not([aria-label])")) {
    const text = input.closest(".a2ui-date-time-container")?.querySelector("label")?.textContent;
    input.setAttribute("aria-label", `${text ?? "When"} (${input.getAttribute("type")})`);
  }
  for (const tab of root.querySelectorAll(".a2ui-tab-button")) {
    tab.setAttribute("aria-pressed", String(tab.classList.contains("active")));
  }
  for (const dialog of root.querySelectorAll<HTMLElement>(".a2ui-modal-content:not([data-seen])")) {
    dialog.dataset["seen"] = "";
    dialog.setAttribute("aria-label", "Dialog");
    dialog.querySelector<HTMLElement>(".a2ui-modal-close")?.focus();
  }
}

/** A label that stands before its field, and does not hold it, names it. */
function name(label: Element): void {
  if (label.querySelector("input, textarea, select")) return;
  const field = label.parentElement?.querySelector("input, textarea, select, .a2ui-choice-picker");
  if (!field) return;
  if (field.classList.contains("a2ui-choice-picker")) {
    field.setAttribute("role", "group");
    field.setAttribute("aria-label", label.textContent ?? "");
    return;
  }
  field.id ||= `field-${++next}`;
  label.setAttribute("for", field.id);
}
