/** A canvas page in a sandboxed frame of a gateway page, and our end of its bridge (what WebChat and the node page do). */
import type { Frame, Page } from "playwright-core";
import { eventually } from "../helpers/wait.ts";

export type Message = Record<string, unknown>;

export const NONCE = "n-0123456789";

/** What the page of the gateway keeps for the test. */
interface Kept {
  readonly heard: Message[];
  readonly frame: HTMLIFrameElement;
}

export class CanvasFrame {
  #next = 0;
  private constructor(readonly page: Page, readonly url: string) {}

  /** Puts the frame into `page`, says hello after each load, and waits until the page inside is ready. */
  static async open(page: Page, url: string, wait = true): Promise<CanvasFrame> {
    await page.evaluate(({ url, nonce }) => {
      document.querySelector("#canvas-under-test")?.remove();
      const heard: Record<string, unknown>[] = [];
      const frame = document.createElement("iframe");
      frame.id = "canvas-under-test";
      frame.setAttribute("sandbox", "allow-scripts");
      frame.style.cssText = "position:fixed;inset:0;width:640px;height:400px;border:0;z-index:9999";
      frame.src = url;
      frame.onload = () => {
        heard.push({ type: "loaded" });
        const hello = { openclaw: 1, type: "hello", nonce, theme: "dark", prefersReducedMotion: true };
        frame.contentWindow?.postMessage(hello, "*");
      };
      addEventListener("message", ({ source, data }) => {
        if (source === frame.contentWindow) heard.push(data);
      });
      Reflect.set(globalThis, "canvasUnderTest", { heard, frame });
      document.body.append(frame);
    }, { url, nonce: NONCE });
    const canvas = new CanvasFrame(page, url);
    if (wait) await canvas.hear("ready");
    return canvas;
  }

  /** The frame itself, for looking inside. */
  async inside(): Promise<Frame> {
    const element = await this.page.locator("#canvas-under-test").elementHandle();
    const frame = await element?.contentFrame();
    if (!frame) throw new Error("Cannot look into the frame: it is not there");
    return frame;
  }

  heard(): Promise<Message[]> {
    return this.page.evaluate(() => (Reflect.get(globalThis, "canvasUnderTest") as Kept).heard);
  }

  /** The `count`th message of a type. */
  async hear(type: string, count = 1): Promise<Message> {
    return await eventually(
      `${type} of the frame`,
      async () => (await this.heard()).filter((message) => message["type"] === type)[count - 1],
      15_000,
    );
  }

  async send(message: Message): Promise<void> {
    await this.page.evaluate((message) => {
      (Reflect.get(globalThis, "canvasUnderTest") as Kept).frame.contentWindow?.postMessage(message, "*");
    }, { openclaw: 1, nonce: NONCE, ...message });
  }

  /** Asks the page inside; resolves with its result message. */
  async ask(message: Message): Promise<Message> {
    const id = `call-${++this.#next}`;
    await this.send({ ...message, id });
    return await eventually(
      `the result of ${String(message["type"])}`,
      async () => (await this.heard()).find((each) => each["type"] === "result" && each["id"] === id),
      15_000,
    );
  }

  /** Colours (`r,g,b`) of points in a picture that the page made. */
  async colours(value: unknown, points: readonly (readonly [number, number])[]): Promise<string[]> {
    const { format, base64 } = Object(value);
    const src = `data:image/${format};base64,${base64}`;
    return await this.page.evaluate(async ({ src, points }) => {
      const image = new Image();
      image.src = src;
      await image.decode();
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      const context = canvas.getContext("2d", { willReadFrequently: true });
      if (!context) throw new Error("no canvas");
      context.drawImage(image, 0, 0);
      return points.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data.slice(0, 3)].join(","));
    }, { src, points });
  }
}
