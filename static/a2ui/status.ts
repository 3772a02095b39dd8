/** How far an action is, shown on the control that began it and said aloud once. */
import type { ActionState } from "./frame.ts";

/** Nobody answered: the control is freed, so that one can try again. */
const LIMIT_MS: Readonly<Record<ActionState, number>> = {
  pending: 30_000,
  working: 600_000,
  done: 3_000,
  error: 8_000,
};
/** Actions that are followed at once; the oldest is forgotten. */
const MAX_ACTIONS = 100;

const WORDS: Readonly<Record<ActionState, string>> = {
  pending: "Sending…",
  working: "Working…",
  done: "Done",
  error: "That did not work",
};

interface Followed {
  readonly control: Element | undefined;
  state: ActionState;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class ActionStatus {
  readonly #followed = new Map<string, Followed>();
  constructor(private readonly line: HTMLElement) {}

  /** False: this control's last action has not ended, so that a second click sends nothing. */
  begin(id: string, control: Element | undefined): boolean {
    const isBusy = (other: Followed) =>
      other.control === control && (other.state === "pending" || other.state === "working");
    if (control && [...this.#followed.values()].some(isBusy)) return false;
    for (const [oldId, old] of this.#followed) {
      if (control && old.control === control) this.#forget(oldId);
    }
    const oldest = this.#followed.size >= MAX_ACTIONS ? this.#followed.keys().next().value : undefined;
    if (oldest !== undefined) this.#forget(oldest);
    this.#followed.set(id, { control, state: "pending", timer: undefined });
    this.update(id, "pending");
    return true;
  }

  update(id: string, state: ActionState, error?: string): void {
    const action = this.#followed.get(id);
    if (!action) return;
    clearTimeout(action.timer);
    action.state = state;
    action.control?.setAttribute("data-action", state);
    action.control?.setAttribute("aria-busy", String(state === "pending" || state === "working"));
    this.say(state === "error" && error ? `${WORDS.error}: ${error.slice(0, 200)}` : WORDS[state], state);
    action.timer = setTimeout(() => this.#timeout(id, state), LIMIT_MS[state]);
  }

  say(text: string, state: ActionState): void {
    this.line.dataset["state"] = state;
    if (this.line.textContent !== text) this.line.textContent = text;
  }

  reset(): void {
    for (const id of [...this.#followed.keys()]) this.#forget(id);
  }

  #timeout(id: string, state: ActionState): void {
    if (state === "pending" || state === "working") this.update(id, "error", "no answer came");
    else this.#forget(id);
  }

  #forget(id: string): void {
    const action = this.#followed.get(id);
    if (!action) return;
    clearTimeout(action.timer);
    action.control?.removeAttribute("data-action");
    action.control?.removeAttribute("aria-busy");
    this.#followed.delete(id);
    if (this.#followed.size === 0) this.line.textContent = "";
  }
}
