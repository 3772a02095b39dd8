/** A real Chromium with a fresh profile, and pages that fail their test on any CSP violation, console error or page error. */
import assert from "node:assert/strict";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { print } from "../helpers/print.ts";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const ARGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Loads Playwright on the permissions of the test task. A library inside it looks for Windows' Linux layer under
 * `/proc/sys` while it loads, which needs `--allow-all`; its own test switch leaves that look out.
 */
async function playwright() {
  // Not taken back: test files run side by side in one process, and another one may be loading it just now.
  Deno.env.set("__IS_WSL_TEST__", "1");
  return (await import("playwright-core")).chromium;
}

/** A small phone. */
export const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

function findChromium(): string | undefined {
  return CANDIDATES.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

const executablePath = findChromium();

/** Where the tests cannot run: said aloud once, and a failure where the owner requires them. */
export const browserMissing = executablePath === undefined && Deno.env.get("OPENCLAW_BROWSER_TESTS") !== "required";
if (browserMissing) print("Browser tests are skipped: no Chromium in /usr/bin (apt-get install chromium)");

/** One visitor: a browser profile of its own, watched for faults. `await using` checks and closes it. */
export class Visitor implements AsyncDisposable {
  readonly faults: string[] = [];
  /** Console lines that a test expects, such as the browser's own report of a refused connection. */
  readonly expected: RegExp[] = [];
  private constructor(
    readonly browser: Browser,
    readonly context: BrowserContext,
    readonly extraArgs: readonly string[],
  ) {}

  static async come(options: BrowserContextOptions & { readonly args?: readonly string[] } = {}): Promise<Visitor> {
    const { args = [], ...contextOptions } = options;
    assert.ok(executablePath, "Cannot start Chromium: not in /usr/bin");
    const browser = await (await playwright()).launch({ executablePath, args: [...ARGS, ...args] });
    const context = await browser.newContext({
      viewport: { width: 1280, height: 820 },
      locale: "en-GB",
      reducedMotion: "reduce",
      ...contextOptions,
    });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]).catch(() => {});
    const visitor = new Visitor(browser, context, args);
    await context.exposeFunction("__fault", (text: string) => void visitor.faults.push(text));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        const report = Reflect.get(globalThis, "__fault");
        if (typeof report === "function") report(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
    return visitor;
  }

  /** A watched tab. */
  async tab(): Promise<Page> {
    const page = await this.context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("console", (line) => {
      if (line.type() === "error" || line.type() === "warning") this.#fault(`console ${line.type()}: ${line.text()}`);
    });
    page.on("pageerror", (error) => this.#fault(`page error: ${error.message}`));
    return page;
  }

  /** A watched tab at an address. */
  async open(url: string): Promise<Page> {
    const page = await this.tab();
    await page.goto(url);
    return page;
  }

  #fault(text: string): void {
    if (!this.expected.some((pattern) => pattern.test(text))) this.faults.push(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    assert.deepEqual(this.faults, [], "the page must cause no CSP violation, console error or page error");
  }
}
