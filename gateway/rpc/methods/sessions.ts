/** All `sessions.*` methods. */
import type { MethodDef } from "../define.ts";
import { sessionReadMethods } from "./sessions_read.ts";
import { sessionSubscribeMethods } from "./sessions_subscribe.ts";
import { sessionWriteMethods } from "./sessions_write.ts";

export const sessionMethods: readonly MethodDef[] = [
  ...sessionReadMethods,
  ...sessionWriteMethods,
  ...sessionSubscribeMethods,
];
