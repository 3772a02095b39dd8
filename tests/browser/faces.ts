/** What the browser tests of the panels share: axe-core on what is open, and pictures for those who work on the design. */
import assert from "node:assert/strict";
import axe from "axe-core";
import type { Page } from "playwright-core";

/** No serious finding of axe-core on what is open now. Frames are left out: what an agent wrote is not ours. */
export async function clean(page: Page, what: string): Promise<void> {
  const source = axe.source;
  await page.context().newCDPSession(page).then(async (session) => {
    // The page's own policy forbids scripts from elsewhere; the debugger is not the page.
    await session.send("Runtime.evaluate", { expression: `void (() => { ${source} })()` });
    await session.detach();
  });
  const found = await page.evaluate(async () => {
    const tool = Reflect.get(globalThis, "axe");
    const { violations } = await tool.run(document, { resultTypes: ["violations"], iframes: false });
    return violations
      .filter(({ impact }: { impact: string }) => impact === "serious" || impact === "critical")
      .map((one: { id: string; nodes: { html: string; failureSummary: string }[] }) =>
        `${one.id}: ${one.nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`).join("\n")}`
      );
  });
  assert.deepEqual(found, [], what);
}

/** A picture of the page, where OPENCLAW_WRITE_SCREENSHOT names a folder. */
export async function snap(page: Page, name: string): Promise<void> {
  const folder = Deno.env.get("OPENCLAW_WRITE_SCREENSHOT");
  if (folder?.startsWith("/")) await page.screenshot({ path: `${folder}/${name}.png` });
}
