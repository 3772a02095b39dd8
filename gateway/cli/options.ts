/** Options as commands read them: the parser hands over unknown values, these getters check them. */
import { CliError } from "./exit.ts";
import { parseDuration } from "./format.ts";

export class Options {
  constructor(private readonly values: Readonly<Record<string, unknown>> = {}) {}

  /** The text of an option; undefined when it was not given. An empty text is refused: it is an unset shell variable. */
  text(name: string): string | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    if (typeof value !== "string") throw new CliError("usage", `Cannot read option --${kebab(name)}: it needs a value`);
    if (value.trim() === "") throw new CliError("usage", `Cannot read option --${kebab(name)}: value is empty`);
    return value;
  }

  flag(name: string): boolean {
    return this.values[name] === true;
  }

  /** A repeatable option. */
  list(name: string): readonly string[] {
    const value = this.values[name];
    return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
  }

  /** A whole number from `min` up. */
  whole(name: string, min = 1): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/u.test(text) && Number.isSafeInteger(value) && value >= min) return value;
    throw new CliError(
      "usage",
      `Cannot read option --${kebab(name)} "${text}": a whole number from ${min} up is needed`,
    );
  }

  /** Milliseconds of `--timeout` and the like. */
  duration(name: string, bareUnit: "ms" | "s" = "ms"): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = parseDuration(text, bareUnit);
    if (value !== undefined && value > 0) return value;
    throw new CliError(
      "usage",
      `Cannot read option --${kebab(name)} "${text}": a duration such as 500ms, 10s or 2m is needed`,
    );
  }
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
