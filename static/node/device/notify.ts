/** system.notify: a notification of the system, or one in the page. */
import { invalid, unavailable } from "../host/failure.ts";
import type { Params } from "../host/params.ts";

export interface NotifyWish {
  readonly title: string;
  readonly body: string;
  readonly silent: boolean;
  readonly stays: boolean;
  readonly delivery: "system" | "overlay";
}

export function readNotify(params: Params): NotifyWish {
  const title = params.text("title", 256) ?? "";
  const body = params.text("body", 2048) ?? "";
  if (!title && !body) throw invalid("title or body is required");
  const priority = params.choice("priority", ["passive", "active", "timeSensitive"]) ?? "active";
  const sound = params.text("sound", 128);
  const delivery = params.choice("delivery", ["system", "overlay", "auto"]) ?? "auto";
  return {
    title: title || "OpenClaw",
    body,
    silent: priority === "passive" || sound === "" || sound === "none",
    stays: priority === "timeSensitive",
    delivery: delivery === "overlay" ? "overlay" : "system",
  };
}

/** Shows a notification. On Android only a service worker may do that; elsewhere the page itself does. */
export async function notifySystem({ title, body, silent, stays }: NotifyWish): Promise<void> {
  const options: NotificationOptions = { body, silent, requireInteraction: stays, icon: "icon.svg" };
  try {
    const shown = new Notification(title, options);
    shown.onclick = () => {
      globalThis.focus();
      shown.close();
    };
    return;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  const registration = await serviceWorker();
  await registration.showNotification(title, options);
}

/** The only address that may become a script of the page besides its own. */
const WORKER = "node/notify_worker.js";

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(text: string): string }): {
    createScriptURL(text: string): string;
  };
}

async function serviceWorker(): Promise<ServiceWorkerRegistration> {
  if (!("serviceWorker" in navigator)) throw unavailable("this browser shows no notifications of pages");
  const types: TrustedTypes | undefined = Reflect.get(globalThis, "trustedTypes");
  const rules = { createScriptURL: () => new URL(WORKER, location.href).href };
  const url = types ? types.createPolicy("openclaw-notify", rules).createScriptURL("") : rules.createScriptURL();
  const registration = await navigator.serviceWorker.register(url);
  // The page lies outside the worker's scope on purpose, so `ready` would never come.
  const starting = registration.installing ?? registration.waiting;
  if (!registration.active && starting) await activated(starting);
  return registration;
}

const activated = (worker: ServiceWorker): Promise<void> =>
  new Promise((resolve, reject) => {
    const look = () => {
      if (worker.state === "activated") resolve();
      if (worker.state === "redundant") reject(unavailable("the browser did not start the notification worker"));
    };
    worker.addEventListener("statechange", look);
    look();
  });
