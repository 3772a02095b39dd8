/** The fake provider: relays between main and a test that plays the platform, and misbehaves on order. */
import { checker } from "../../schemas/validate.ts";
import { Inbound, Receipt } from "../../schemas/worker/content.ts";
import { Closed, Int0, NonEmpty, OneOf } from "../../schemas/primitives.ts";
import type { Provider, ProviderContext } from "../runtime/provider.ts";
import { createLink } from "./link.ts";
import { lie, misbehave, print, sendGarbage } from "./misbehave.ts";
import type { PlatformOrder } from "./protocol.ts";

const checkInbound = checker(Inbound);
const checkReceipt = checker(Receipt);
const checkMark = checker(
  Closed({ chatId: NonEmpty, messageId: NonEmpty, mark: OneOf(["delivered", "read", "failed"]), at: Int0 }),
);
type Order = Exclude<PlatformOrder, { do: "answer" | "refuse" }>;

/** `config.url`: the platform. `config.loginFirst`: wait for a login. */
export function createProvider(context: ProviderContext): Provider {
  const { config } = context;
  let loggedIn = config["loginFirst"] !== true || context.saved["loggedIn"] === true;
  let hanging = false;
  const link = createLink({
    url: String(config["url"]),
    retryMs: typeof config["retryMs"] === "number" ? config["retryMs"] : 100,
    signal: context.signal,
    onOpen() {
      link.tell("hello", { accountId: context.accountId, saved: context.saved, pid: Deno.pid });
      if (!loggedIn) {
        return context.state({ state: "login_required", sentence: "Scan the code to log in", userAction: "login" });
      }
      context.state({ state: "connected", sentence: "Connected", self: { id: `bot-${context.accountId}` } });
      context.alive();
    },
    onLost: (attempt, retryInMs) =>
      context.state({ state: "reconnecting", sentence: "The platform is not reachable", attempt, retryInMs }),
    onOrder: (order) => obey(order),
  });

  async function call(at: string, body: Record<string, unknown>, signal: AbortSignal) {
    if (hanging) await new Promise<never>(() => {});
    return await link.call(at, body, signal);
  }

  async function hand(event: Record<string, unknown>): Promise<void> {
    const checked = checkInbound(event);
    if (!checked.ok) return context.log("warn", "fake.bad_event", { error: checked.error });
    context.alive();
    const { dedupeKey } = checked.value;
    await context.inbound(checked.value).then(
      () => link.tell("acked", { dedupeKey }),
      (error: unknown) => link.tell("refused", { dedupeKey, error: String(error) }),
    );
  }

  function flood(count: number, chatId: string): void {
    for (let index = 0; index < count; index++) {
      hand({
        kind: "message",
        dedupeKey: `flood-${context.accountId}-${index}`,
        chat: { id: chatId, kind: "direct" },
        sender: { id: "flooder" },
        timestamp: Date.now(),
        messageId: `flood-${index}`,
        text: `flood ${index}`,
        media: [],
      });
    }
  }

  const result = (work: Promise<unknown>): void =>
    void work.then(
      (value) => link.tell("result", { ok: true, value: value ?? null }),
      (error: unknown) => link.tell("result", { ok: false, error: String(error) }),
    );

  function obey(order: Order): void {
    switch (order.do) {
      case "inbound":
        return void hand(order.event);
      case "state":
        return context.state(order.report);
      case "mark": {
        const mark = checkMark(order.mark);
        return mark.ok ? context.mark(mark.value) : undefined;
      }
      case "login.step":
        if (order.step.kind === "done") return completeLogin(order.step);
        return context.loginStep(order.step);
      case "alive":
        return context.alive();
      case "flood":
        return flood(order.count, order.chatId);
      case "garbage":
        return sendGarbage(order.count);
      case "lie":
        return lie(order.what);
      case "hang":
        hanging = true;
        return link.tell("hanging", {});
      case "log":
        return context.log("info", "fake.log", { text: order.text });
      case "print":
        return print(order.text);
      case "store.get":
        return result(context.store.get(order.kind, order.ids));
      case "store.set":
        return result(storeSet(order.rows));
      case "store.clear":
        return result(context.store.clear());
      case "save":
        return result(context.save(order.saved));
      default:
        return misbehave(order.do);
    }
  }

  async function storeSet(rows: Record<string, unknown>): Promise<void> {
    const kinds: Record<string, Record<string, string | null>> = {};
    for (const [kind, ids] of Object.entries(rows)) {
      const entries = typeof ids === "object" && ids !== null ? Object.entries(ids) : [];
      kinds[kind] = Object.fromEntries(entries.map(([id, value]) => [id, value === null ? null : String(value)]));
    }
    await context.store.set(kinds);
  }

  function completeLogin(step: Extract<Order, { do: "login.step" }>["step"]): void {
    loggedIn = true;
    context.save({ ...context.saved, loggedIn: true }).then(() => {
      context.loginStep(step);
      context.state({ state: "connected", sentence: "Connected", self: { id: `bot-${context.accountId}` } });
    });
  }

  const action = async (at: string, body: Record<string, unknown>, signal: AbortSignal): Promise<void> =>
    void await call(at, body, signal);

  return {
    connect() {
      context.state({ state: "connecting", sentence: "Connecting" });
      link.open();
    },
    disconnect(reason) {
      link.tell("bye", { reason });
      return link.close();
    },
    async send(message, signal) {
      const { media, ...rest } = message;
      const attachment = media && { ...media, data: media.data.toBase64() };
      return receipt(await call("send", { ...rest, ...(attachment ? { media: attachment } : {}) }, signal));
    },
    edit: (target, messageId, text, signal) => action("edit", { target, messageId, text }, signal),
    delete: (target, messageId, signal) => action("delete", { target, messageId }, signal),
    react: (target, messageId, emoji, options, signal) =>
      action("react", { target, messageId, emoji, remove: options.remove }, signal),
    typing: (target, on, signal) => action("typing", { target, on }, signal),
    read: (target, messageId, senderId, signal) => action("read", { target, messageId, senderId }, signal),
    async poll(poll, signal) {
      return { receipt: receipt(await call("poll", { ...poll }, signal)), pollId: "poll" };
    },
    async fetchMedia(ref, maxBytes, signal) {
      const { data, mimeType } = await call("media", { ref, maxBytes }, signal);
      return { kind: "media", data: Uint8Array.fromBase64(String(data)), mimeType: String(mimeType) };
    },
    probe: (signal) => call("probe", {}, signal),
    login(flow, input) {
      link.tell("login", { flow, input });
      return Promise.resolve();
    },
    cancelLogin() {
      link.tell("login.cancel", {});
      return Promise.resolve();
    },
    async logout(signal) {
      await call("logout", {}, signal);
      await context.save({});
      loggedIn = false;
      context.state({ state: "logged_out", sentence: "Logged out", userAction: "login" });
    },
    async webhook(request, signal) {
      const { path, query, headers, body } = request;
      const answer = await call("webhook", { path, query, headers, body: new TextDecoder().decode(body) }, signal);
      return { status: Number(answer["status"] ?? 200), body: String(answer["body"] ?? "") };
    },
  };
}

function receipt(value: Record<string, unknown>): Receipt {
  const checked = checkReceipt(value);
  if (!checked.ok) throw new Error(`the fake platform answered nonsense: ${checked.error}`);
  return checked.value;
}
