/** What a visitor does and sees on the WebChat page, in words that tests can use. */
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import type { TestGateway } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import type { Visitor } from "./chromium.ts";

export class ChatPage {
  constructor(readonly page: Page) {}

  /** Opens the page and signs in with the shared token. */
  static async signIn(visitor: Visitor, gateway: TestGateway, url = gateway.httpUrl): Promise<ChatPage> {
    const chat = new ChatPage(await visitor.open(url));
    await chat.enterToken(gateway.token);
    await chat.ready();
    return chat;
  }

  /** Opens a further tab of a visitor who is signed in. */
  static async again(visitor: Visitor, gateway: TestGateway): Promise<ChatPage> {
    const chat = new ChatPage(await visitor.open(gateway.httpUrl));
    await chat.ready();
    return chat;
  }

  async enterToken(token: string): Promise<void> {
    await this.page.getByLabel("Gateway token").fill(token);
    await this.page.getByRole("button", { name: "Connect" }).click();
  }

  /** Waits until the page is connected and the conversation is there. */
  async ready(): Promise<void> {
    await this.page.locator('.connection[data-state="connected"]').waitFor({ state: "attached" });
    await this.page.locator(".turn, .welcome").first().waitFor();
  }

  get box(): Locator {
    return this.page.locator("#message");
  }
  get stop(): Locator {
    return this.page.getByRole("button", { name: "Stop" });
  }
  get questions(): Locator {
    return this.page.locator(".turn.user .bubble");
  }
  get answers(): Locator {
    return this.page.locator(".turn.agent");
  }

  async send(text: string): Promise<void> {
    await this.box.fill(text);
    await this.box.press("Enter");
  }

  /** The Markdown text of the last answer, white space made single. */
  async lastAnswer(): Promise<string> {
    const texts = await this.answers.last().locator(".md").allInnerTexts();
    return squeeze(texts.join(" "));
  }

  /** Waits for the last answer to say this, and to be over. */
  async answered(pattern: RegExp, deadlineMs = 20_000): Promise<string> {
    return await eventually(`an answer ${pattern}`, async () => {
      if (await this.answers.count() === 0 || await this.page.locator('.turn.agent[aria-busy="true"]').count()) return;
      const text = await this.lastAnswer();
      return pattern.test(text) ? text : undefined;
    }, deadlineMs);
  }

  /** Waits until an answer that is being given says this. */
  async streaming(pattern: RegExp, deadlineMs = 15_000): Promise<void> {
    await eventually(`a beginning ${pattern}`, async () => {
      // An older answer may say the same; only one that is being given counts.
      const given = this.page.locator('.turn.agent[aria-busy="true"]');
      if (await given.count() === 0) return false;
      return pattern.test(squeeze((await given.last().locator(".md").allInnerTexts()).join(" ")));
    }, deadlineMs);
  }

  /** The whole conversation as the page shows it: role and text. */
  async conversation(): Promise<string[]> {
    return await this.page.locator(".turn.user, .turn.agent").evaluateAll((turns) =>
      turns.map((turn) => {
        const role = turn.classList.contains("user") ? "user" : "assistant";
        const parts = [...turn.querySelectorAll<HTMLElement>(".bubble, .md")].map((part) => part.innerText);
        return `${role}: ${parts.join(" ")}`.replace(/\s+/g, " ").trim();
      })
    );
  }

  async openDevices(): Promise<void> {
    await this.page.locator(".devices-button").click();
    await this.page.getByRole("dialog", { name: "Devices" }).waitFor();
  }

  /** Opens the channels panel and returns it. */
  async openChannels(): Promise<Locator> {
    await this.page.locator(".channels-button").click();
    const dialog = this.page.getByRole("dialog", { name: "Channels" });
    await dialog.waitFor();
    return dialog;
  }

  /** Compares the page with what the gateway has stored: nothing missing, stale or doubled. */
  async matchesHistory(gateway: TestGateway, sessionKey = "agent:main:main"): Promise<void> {
    await eventually("the page to equal chat.history", async () => {
      const stored = await storedConversation(gateway, sessionKey);
      const shown = await this.conversation();
      return JSON.stringify(stored) === JSON.stringify(shown) || undefined;
    }, 8_000).catch(async () => {
      assert.deepEqual(await this.conversation(), await storedConversation(gateway, sessionKey));
    });
  }
}

const squeeze = (text: string): string => text.replace(/\s+/g, " ").trim();

interface StoredPart {
  readonly type: string;
  readonly text?: string;
}
interface StoredMessage {
  readonly role: string;
  readonly content: readonly StoredPart[];
}

/** chat.history as the page should show it: one line a question, one line for all that followed it. */
export async function storedConversation(gateway: TestGateway, sessionKey: string): Promise<string[]> {
  const client = await gateway.connect();
  try {
    const payload = await client.request("chat.history", { sessionKey, limit: 200 });
    const messages = payload["messages"] as readonly StoredMessage[];
    const lines: string[] = [];
    for (const message of messages) {
      const text = squeeze(message.content.map((part) => part.type === "text" ? part.text ?? "" : "").join(" "));
      if (message.role === "user") lines.push(`user: ${text}`);
      else if (message.role === "assistant") {
        const last = lines.at(-1);
        if (last?.startsWith("assistant:")) lines[lines.length - 1] = squeeze(`${last} ${text}`);
        else lines.push(squeeze(`assistant: ${text}`));
      }
    }
    return lines;
  } finally {
    await client.close();
  }
}
