/** How one gets in: by the printed link, by the token, and what the page says when neither is right. */
import assert from "node:assert/strict";
import { ChatPage } from "./chat_page.ts";
import { Visitor } from "./chromium.ts";
import { browserTest } from "./steps.ts";

browserTest("A first visit", { builtIn: true }, {
  "by the printed link connects, and takes the code out of the address bar": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const chat = new ChatPage(await visitor.open(gateway.link));
    await chat.ready();
    assert.equal(chat.page.url(), `${gateway.httpUrl}/`);
    await chat.page.getByText(/Good (morning|afternoon|evening|night)/).waitFor();
    await chat.page.reload();
    await chat.ready();
    // Going back must not find the code in the history either.
    assert.equal(await chat.page.evaluate(() => performance.getEntriesByType("navigation").length), 1);
  },
  "by a link that was used already says so and offers the token": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const page = await visitor.open(gateway.link);
    await page.getByRole("alert").getByText("already used or is too old").waitFor();
    const chat = new ChatPage(page);
    await chat.enterToken(gateway.token);
    await chat.ready();
  },
  "by a wrong token says so; the right one connects and is stored nowhere": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const chat = new ChatPage(await visitor.open(gateway.httpUrl));
    await chat.enterToken("not-the-token");
    await chat.page.getByRole("alert").getByText("does not accept this token").waitFor();
    await chat.enterToken(gateway.token);
    await chat.ready();
    const kept = await chat.page.evaluate(readEverythingStored);
    assert.ok(kept.includes("publicKey"), "the device key must be kept");
    assert.ok(!kept.includes(gateway.token), "the shared token must not be kept");
    assert.ok(!chat.page.url().includes("token"));
    await chat.page.reload();
    await chat.ready();
  },
  "keeps a device key that no script can read": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const extractable = await chat.page.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open("openclaw-webchat");
        request.onsuccess = () => resolve(request.result);
      });
      const pair = await new Promise<CryptoKeyPair>((resolve) => {
        const request = db.transaction("identity").objectStore("identity").get("key");
        request.onsuccess = () => resolve(request.result);
      });
      db.close();
      return pair.privateKey.extractable;
    });
    assert.equal(extractable, false);
  },
  "answers with the built-in model without any set-up": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    await chat.send("count to 12");
    await chat.answered(/\b12\b/);
    await chat.matchesHistory(gateway);
  },
});

/** Every word that local storage, session storage and IndexedDB hold, as one text. */
async function readEverythingStored(): Promise<string> {
  const out = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie];
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(name ?? "");
      request.onsuccess = () => resolve(request.result);
    });
    for (const store of db.objectStoreNames) {
      const values = await new Promise<unknown[]>((resolve) => {
        const request = db.transaction(store).objectStore(store).getAll();
        request.onsuccess = () => resolve(request.result);
      });
      for (const value of values) {
        const keys = typeof value === "object" && value !== null ? Object.keys(Object.getPrototypeOf(value)) : [];
        out.push(
          JSON.stringify(value),
          typeof value === "object" && value && "publicKey" in value ? "publicKey" : "",
          ...keys,
        );
      }
    }
    db.close();
  }
  return out.join("\n");
}
