/** A server under measurement: where it is, which process it is, what it costs. */
import { cpuMs, residentMb } from "../helpers/process_facts.ts";

export class Target {
  constructor(readonly name: string, readonly url: string, readonly token: string, readonly pid: number) {}

  /** Resident memory in MB. */
  rss(): number {
    return residentMb(this.pid);
  }

  /** CPU milliseconds so far, user and system. */
  cpu(): number {
    return cpuMs(this.pid);
  }
}

/** The value below which the share `q` of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}
