/** A scripted gateway and a clock for tests of the page's desks. */
import type { Hello } from "../../client/hello.ts";
import type { Timers } from "../../client/link.ts";
import { type Fields, isFields } from "../../client/read.ts";
import type { Wire } from "./chat.ts";
import { createStore } from "./store.ts";

export const KEY = "agent:main:main";
export const METHODS = [
  "canvas.get",
  "plugin.surface.refresh",
  "exec.approval.list",
  "node.pair.list",
  "node.list",
];

export type Answer = (params: Fields) => unknown;

/** Answers by method, each one a moment later; a method without one gets an empty object. */
export function scene(answers: Record<string, Answer> = {}, scopes: readonly string[] = ["operator.admin"]) {
  const asked: { readonly method: string; readonly params: Fields }[] = [];
  const store = createStore((run) => run());
  const planned = new Set<{ readonly at: number; readonly callback: () => void }>();
  let now = 1_000_000;
  const timers: Timers = {
    now: () => now,
    after: (ms, callback) => {
      const plan = { at: now + ms, callback };
      planned.add(plan);
      return () => void planned.delete(plan);
    },
  };
  const wire: Wire = {
    request: async (method, params) => {
      const given = isFields(params) ? params : {};
      asked.push({ method, params: given });
      await Promise.resolve();
      return await answers[method]?.(given) ?? {};
    },
  };
  const hello: Hello = {
    version: "1",
    connId: "c",
    mainKey: KEY,
    agentId: "main",
    tickMs: 1_000,
    maxImageBytes: 5_000_000,
    scopes,
    methods: new Set(METHODS),
    deviceToken: undefined,
    canvasUrl: undefined,
  };
  store.dispatch({ type: "hello", hello, current: KEY });
  /** Lets answers arrive: each takes a handful of turns of the event loop. */
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 30; turn++) await Promise.resolve();
  };
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    for (const plan of [...planned].sort((a, b) => a.at - b.at)) {
      if (plan.at <= now && planned.delete(plan)) plan.callback();
    }
    await settle();
  };
  const calls = (method: string) => asked.filter((one) => one.method === method).map(({ params }) => params);
  return { store, wire, timers, answers, hello, calls, settle, pass, planned, now: () => now };
}
