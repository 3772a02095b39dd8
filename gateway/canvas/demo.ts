/** Makes the canvas root, and its first page: what the bridge says, and buttons that act. */
import { join } from "node:path";

/** Makes the folder (open to its owner alone) when it is missing, and `index.html` when there is none. Throws a sentence. */
export async function prepareCanvasRoot(root: string): Promise<void> {
  try {
    await Deno.mkdir(root, { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(join(root, "index.html"), DEMO_PAGE, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw new Error(`Cannot use the canvas root "${root}": ${error instanceof Error ? error.message : String(error)}`);
  }
}

const DEMO_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>OpenClaw canvas</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0 auto; padding: 2rem 1rem; max-width: 34rem; }
  button { font: inherit; padding: .5rem 1rem; margin: 0 .5rem .5rem 0; border-radius: .5rem; border: 1px solid; }
  #log { border-left: 3px solid; padding-left: .75rem; min-height: 3rem; white-space: pre-wrap; }
</style>
<body>
<h1>Canvas</h1>
<p>An agent writes this page. It lies in <code>index.html</code> below the canvas root and reloads when it changes.</p>
<p>Bridge: <b id="bridge">looking</b></p>
<p>
  <button type="button" data-action="hello">Say hello</button>
  <button type="button" data-action="time">Ask for the time</button>
  <button type="button" data-action="photo">Ask for a photo</button>
</p>
<p id="log" role="log" aria-live="polite"></p>
<script>
  const log = (text) => { document.getElementById("log").textContent += text + "\\n"; };
  const status = () => {
    const bridge = globalThis.OpenClaw;
    const there = bridge && bridge.connected ? "connected" : bridge ? "this page was opened by itself" : "missing";
    document.getElementById("bridge").textContent = there;
  };
  addEventListener("openclaw:bridge", status);
  addEventListener("load", status);
  addEventListener("openclaw:a2ui-action-status", ({ detail }) => {
    log(detail.ok ? "Done: " + detail.id : "Failed: " + (detail.error || detail.id));
  });
  for (const button of document.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      const name = button.dataset.action;
      const sent = globalThis.OpenClaw && OpenClaw.sendUserAction({
        name, surfaceId: "main", sourceComponentId: "demo." + name, context: { at: new Date().toISOString() },
      });
      log(sent ? "Sent: " + name : "Nobody listens: open this page in the chat or on a node");
    });
  }
</script>
</body>
</html>
`;
