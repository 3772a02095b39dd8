/** What the kernel says about another process. Read by `cat`: Deno keeps /proc from all but unrestricted programs. */

/** Resident memory in MB. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/u.exec(cat(`/proc/${pid}/status`))?.[1] ?? NaN) / 1024;
}

/** CPU milliseconds so far, user and system. The kernel counts in steps of 10 ms. */
export function cpuMs(pid: number): number {
  const fields = cat(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export function cat(path: string): string {
  return new TextDecoder().decode(new Deno.Command("cat", { args: [path], stderr: "null" }).outputSync().stdout);
}

/** The one child of process `pid` whose command line holds `text`. Throws when there is none. */
export function childPid(pid: number, text: string): number {
  const children = cat(`/proc/${pid}/task/${pid}/children`).trim().split(/\s+/u);
  const found = children.find((each) => cat(`/proc/${each}/cmdline`).includes(text));
  if (found === undefined) throw new Error("Cannot find the worker's process");
  return Number(found);
}
