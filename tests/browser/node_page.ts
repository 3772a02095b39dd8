/** What a person does on the node page and what an operator asks of it, in words that tests can use. */
import assert from "node:assert/strict";
import type { FrameLocator, Locator, Page } from "playwright-core";
import { asJson, type Json, type Res, type TestClient } from "../helpers/client.ts";
import type { TestGateway } from "../helpers/gateway.ts";
import { assertDocumented } from "../helpers/node_answer.ts";
import { eventually } from "../helpers/wait.ts";
import { Visitor } from "./chromium.ts";

/** Chromium's own camera, microphone and screen; its prompts are answered by the test's permissions. */
export const FAKE_DEVICES = [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--auto-select-desktop-capture-source=Entire screen",
  // A headless browser has no screen; a tab of its own stands for one.
  "--auto-select-tab-capture-source-by-title=OpenClaw",
];

export const LISBON = { latitude: 38.7223, longitude: -9.1393, accuracy: 25 };

/** What the owner allows in these tests beyond the list of the platform. */
export const ALLOW_ALL = {
  gateway: { nodes: { allowCommands: ["camera.list", "camera.snap", "camera.clip", "screen.record"] } },
};

export type Ability = "Canvas" | "Camera" | "Sound in clips" | "Screen recording" | "Location" | "Notifications";

export interface VisitOptions {
  readonly permissions?: readonly string[];
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly args?: readonly string[];
}

/** A browser with fake devices. */
export function nodeVisitor({ permissions, viewport, args = [] }: VisitOptions = {}): Promise<Visitor> {
  return Visitor.come({
    args: [...FAKE_DEVICES, ...args],
    geolocation: LISBON,
    permissions: [...permissions ?? ["camera", "microphone", "geolocation", "notifications"]],
    ...(viewport === undefined ? {} : { viewport }),
  });
}

export class NodePage {
  #calls = 0;
  private constructor(readonly page: Page, readonly owner: TestClient, readonly nodeId: string) {}

  /** Signs in with the shared token; the node is then paired, and waits for the approval of its commands. */
  static async join(visitor: Visitor, gateway: TestGateway, owner: TestClient): Promise<NodePage> {
    const page = await visitor.open(`${gateway.httpUrl}/node`);
    await page.getByLabel("Gateway token").fill(gateway.token);
    await page.getByRole("button", { name: "Connect" }).click();
    return await NodePage.on(page, owner);
  }

  /** Joins, and the owner approves what it offers. */
  static async approved(visitor: Visitor, gateway: TestGateway, owner: TestClient): Promise<NodePage> {
    const node = await NodePage.join(visitor, gateway, owner);
    await node.approve();
    return node;
  }

  /** A page that is connected already. */
  static async on(page: Page, owner: TestClient): Promise<NodePage> {
    await page.locator('.connection[data-state="connected"]').waitFor();
    const short = await page.locator(".about code").first().innerText();
    const nodeId = await eventually("the node in the gateway's list", async () => {
      const { nodes } = await owner.request("node.list", {});
      return rows(nodes).map(({ nodeId }) => String(nodeId)).find((id) => id.startsWith(short));
    });
    return new NodePage(page, owner, nodeId);
  }

  async approve(): Promise<void> {
    const requestId = await eventually("the request of the node", async () => {
      const { pending } = await this.owner.request("node.pair.list", {});
      return rows(pending).find(({ nodeId }) => nodeId === this.nodeId)?.["requestId"];
    });
    await this.owner.request("node.pair.approve", { requestId });
  }

  toggle(ability: Ability): Locator {
    return this.page.getByRole("switch", { name: ability });
  }

  async switchOn(...abilities: readonly Ability[]): Promise<void> {
    for (const ability of abilities) {
      await this.toggle(ability).click();
      await this.page.locator(`[role="switch"][aria-checked="true"]`).and(this.toggle(ability)).waitFor();
    }
  }

  /** The whole answer of node.invoke. */
  call(command: string, params?: unknown, timeoutMs = 20_000): Promise<Res> {
    const { nodeId } = this;
    const idempotencyKey = `${this.nodeId}-${command}-${++this.#calls}-${crypto.randomUUID()}`;
    const more = params === undefined ? {} : { params };
    return this.owner.call("node.invoke", { nodeId, command, timeoutMs, idempotencyKey, ...more }, timeoutMs + 5_000);
  }

  /** The payload; throws when the node refuses. */
  async ask(command: string, params?: unknown, timeoutMs?: number): Promise<Json> {
    const res = await this.call(command, params, timeoutMs);
    assert.ok(res.ok, `${command}: ${JSON.stringify(res.error)}`);
    const { payload } = asJson(res.payload);
    assertDocumented(command, payload);
    return asJson(payload);
  }

  /** The node's own words for a refusal, such as `CAMERA_DISABLED: …`; fails when it did what was asked. */
  async refusal(command: string, params?: unknown, timeoutMs?: number): Promise<string> {
    const res = await this.call(command, params, timeoutMs);
    assert.equal(res.ok, false, `${command} was done`);
    return String(res.error?.message);
  }

  get canvas(): FrameLocator {
    return this.page.frameLocator(".stage iframe");
  }
  get stopButton(): Locator {
    return this.page.getByRole("button", { name: "Stop" });
  }

  async connectedAgain(): Promise<void> {
    await this.page.locator('.connection[data-state="connected"]').waitFor({ timeout: 30_000 });
    await eventually("the node in the gateway's list", async () => {
      const { nodes } = await this.owner.request("node.list", {});
      return rows(nodes).some(({ nodeId, connected }) => nodeId === this.nodeId && connected === true);
    });
  }
}

const rows = (value: unknown): Json[] => Array.isArray(value) ? value.map(asJson) : [];
