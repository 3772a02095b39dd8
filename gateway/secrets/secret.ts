/** A secret that cannot be printed by accident. */

/** Prints as `[secret]` everywhere. `reveal()` may be called only in the files that tests/architecture_test.ts lists. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return "[secret]";
  }
  toJSON(): string {
    return "[secret]";
  }
  [Symbol.for("Deno.customInspect")](): string {
    return "[secret]";
  }
}
