/** Everything at once: a gateway, Telegram, the model, a browser that is a node, and a browser that has WebChat open. */
import type { Json } from "../helpers/client.ts";
import { freePort } from "../helpers/gateway.ts";
import { browserMissing, type Visitor } from "../browser/chromium.ts";
import { ChatPage } from "../browser/chat_page.ts";
import { NodePage, nodeVisitor } from "../browser/node_page.ts";
import { type House, type HouseOptions, startHouse } from "../providers/telegram_e2e_lab.ts";
import { OTHER_SIDE } from "../servers/telegram/server.ts";

/** Anna, 11, owns the house; everybody may write. */
const OWNED = { allowFrom: ["*", "11"] };

export interface Home extends AsyncDisposable {
  readonly house: House;
  /** One browser with two tabs. */
  readonly visitor: Visitor;
  readonly node: NodePage;
  readonly chat: ChatPage;
}

/** The house alone, with a canvas port of its own. */
export const ownedHouse = ({ config, ...options }: HouseOptions = {}): Promise<House> =>
  startHouse({ ...options, telegram: { ...OWNED, ...options.telegram }, config: { ...canvas(), ...config } });

const canvas = (): Json => ({ canvasHost: { port: freePort() } });

/** The house, the node page in one tab, which the owner has approved, and WebChat in another. */
export async function startHome(options: HouseOptions = {}): Promise<Home> {
  const stops = new AsyncDisposableStack();
  try {
    const house = stops.use(await ownedHouse(options));
    const visitor = stops.use(await nodeVisitor());
    const node = await NodePage.approved(visitor, house.gateway, house.web);
    const chat = await ChatPage.signIn(visitor, house.gateway);
    return { house, visitor, node, chat, [Symbol.asyncDispose]: () => stops.disposeAsync() };
  } catch (error) {
    await stops.disposeAsync();
    throw error;
  }
}

/** A test that needs Chromium; its name tells which Telegram it ran against. */
export const homeTest = (name: string, fn: (t: Deno.TestContext) => Promise<void>): void =>
  Deno.test({ name: `${name} [other side: ${OTHER_SIDE}]`, ignore: browserMissing, fn });

/** The newest messages of the model's last prompt, as text. */
export const lastPrompt = ({ model }: House): string => JSON.stringify(model.requests.at(-1)?.body["messages"]);
