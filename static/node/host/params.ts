/** Reads the parameters of a command: shape and range are checked before anything runs. */
import { type Fields, isFields } from "../../client/read.ts";
import { invalid } from "./failure.ts";

interface Range {
  readonly min: number;
  readonly max: number;
}

/** Keys that no command knows are ignored: newer gateways may send more. An absent key and null are the same. */
export class Params {
  constructor(private readonly values: Fields) {}

  /** Of `paramsJSON`: JSON text of an object; null or absent means no parameters. */
  static parse(text: unknown): Params {
    if (text === undefined || text === null || text === "") return new Params({});
    if (typeof text !== "string") throw invalid("paramsJSON must be text");
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw invalid("paramsJSON is not JSON");
    }
    if (value === null) return new Params({});
    if (!isFields(value)) throw invalid("the parameters must be an object");
    return new Params(value);
  }

  number(name: string, { min, max }: Range): number | undefined {
    const value = this.values[name] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value === "number" && value >= min && value <= max) return value;
    throw invalid(`${name} must be a number from ${min} to ${max}`);
  }

  int(name: string, range: Range): number | undefined {
    const value = this.number(name, range);
    if (value !== undefined && !Number.isInteger(value)) throw invalid(`${name} must be a whole number`);
    return value;
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.values[name] ?? undefined;
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw invalid(`${name} must be ${choices.map((one) => `"${one}"`).join(" or ")}`);
    return found;
  }

  text(name: string, maxLength: number): string | undefined {
    const value = this.values[name] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value !== "string") throw invalid(`${name} must be text`);
    if (value.length > maxLength) throw invalid(`${name} is longer than ${maxLength} characters`);
    return value;
  }

  /** Text that must be there and not be empty. */
  needed(name: string, maxLength: number): string {
    const value = this.text(name, maxLength);
    if (!value) throw invalid(`${name} is required`);
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.values[name] ?? undefined;
    if (value === undefined || typeof value === "boolean") return value;
    throw invalid(`${name} must be true or false`);
  }

  objects(name: string, max: number): Fields[] {
    const value = this.values[name];
    if (!Array.isArray(value) || !value.every(isFields)) throw invalid(`${name} must be a list of objects`);
    if (value.length === 0 || value.length > max) throw invalid(`${name} must hold 1 to ${max} objects`);
    return value;
  }
}
