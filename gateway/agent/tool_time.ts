/** The tool `time`: the current date and time. */
import { Closed, Type } from "../../schemas/primitives.ts";
import type { Clock } from "../observe/clock.ts";
import { defineTool } from "./tool_define.ts";
import type { Tool } from "./types.ts";

export const timeTool = (clock: Clock): Tool =>
  defineTool({
    name: "time",
    readOnly: true,
    description: "The current date and time. Without a time zone, that of the gateway's host.",
    args: Closed({
      timeZone: Type.Optional(
        Type.String({ minLength: 1, maxLength: 64, description: "IANA name, such as Europe/Berlin" }),
      ),
    }),
    run({ timeZone }) {
      const now = new Date(clock.now());
      const format = formatter(timeZone);
      return JSON.stringify({
        iso: now.toISOString(),
        local: format.format(now),
        timeZone: format.resolvedOptions().timeZone,
      });
    },
  });

function formatter(timeZone: string | undefined): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-GB", {
      dateStyle: "full",
      timeStyle: "long",
      ...(timeZone === undefined ? {} : { timeZone }),
    });
  } catch {
    throw new Error(`Cannot tell the time in "${timeZone}": there is no such time zone`);
  }
}
