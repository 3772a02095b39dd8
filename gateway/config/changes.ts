/** What a changed configuration file asks for that the running process does not do: it waits for a restart, said plainly. */
import { CONFIG_PARTS } from "../../schemas/config.ts";
import { describePermissions, type PermissionSet } from "./permissions.ts";
import type { Config } from "./types.ts";

/**
 * One sentence a reason, each beginning `restart required`; empty when the file says what already runs. `missing`: the
 * permissions that the new file needs and the process does not hold. Values are never repeated: they may be secrets.
 */
export function restartReasons(running: Config, file: Config, missing: PermissionSet): string[] {
  const changed = Object.keys(CONFIG_PARTS).filter((part) => partText(running, part) !== partText(file, part));
  if (changed.length === 0) return [];
  const rights = describePermissions(missing);
  return [
    `restart required: ${changed.join(", ")} changed in ${file.path}`,
    ...(rights === ""
      ? []
      : [`restart required: the change needs permissions that this process does not hold: ${rights}`]),
    ...file.issues.map(({ path, message }) =>
      `the changed file has a problem: ${path === "" ? "" : `${path}: `}${message}`
    ),
  ];
}

/** A part as text; key order counts, which at worst names a part that was only rearranged. */
function partText({ parsed }: Config, part: string): string {
  if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed)) return "";
  return JSON.stringify(Reflect.get(parsed, part)) ?? "";
}
