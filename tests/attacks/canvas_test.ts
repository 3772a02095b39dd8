/** Attacks with a capability in hand, on the live reload socket, on names of files, and with what agents push as text. */
import assert from "node:assert/strict";
import { ask, dial, hangUp, listen, placeOf, rootOf } from "../canvas/asking.ts";
import { A2uiPage, A2uiServer } from "../browser/a2ui_page.ts";
import { browserMissing, Visitor } from "../browser/chromium.ts";
import { makeIdentity, TestClient } from "../helpers/client.ts";
import { gatewayTest } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";

const CANVAS = "/__openclaw__/canvas/";
const WS = "/__openclaw__/ws";

gatewayTest("a capability", {}, {
  "opens the canvas and nothing else: no page, no method, no socket of the gateway": async (gateway) => {
    const { client, cap, canvasPort } = await placeOf(gateway);
    for (const port of [gateway.port, canvasPort]) {
      assert.equal((await ask(port, `${cap}${CANVAS}`)).status, 200);
      for (
        const path of ["/", "/healthz", "/node", "/app.js", "/__openclaw__/", "/webhooks/telegram", "/../../", "/ws"]
      ) {
        const answer = await ask(port, `${cap}${path}`);
        assert.ok([401, 404].includes(answer.status), `${cap}${path}: ${answer.status}`);
        assert.ok(!answer.text.includes('id="app"'), path);
      }
      for (const path of ["", "/", "/__openclaw__/canvas/", "/__openclaw__/a2ui/"]) {
        const found = await dialOf(`ws://127.0.0.1:${port}${cap}${path}`);
        assert.ok(typeof found === "number" && found >= 400, `${path}: ${found}`);
      }
    }
    await client.close();
  },
  "is no secret of the gateway: it signs nobody in, as token, password or bearer": async (gateway) => {
    const { client, cap } = await placeOf(gateway);
    const token = cap.split("/").at(-1) ?? "";
    for (const auth of [{ token }, { password: token }, { deviceToken: token }, { bootstrapToken: token }]) {
      const stranger = await TestClient.open(gateway.url, { headers: { "x-forwarded-for": "203.0.113.7" } });
      const res = await stranger.handshake({ ...auth, device: makeIdentity() });
      assert.equal(res.ok, false, JSON.stringify(Object.keys(auth)));
      await stranger.close();
    }
    const far = { "x-forwarded-for": "203.0.113.7", authorization: `Bearer ${token}` };
    assert.equal((await ask(gateway.port, CANVAS, { headers: far })).status, 401);
    await client.close();
  },
  "is taken whole or not at all, in its own place only": async (gateway) => {
    const { client, cap, canvasPort } = await placeOf(gateway);
    const token = cap.split("/").at(-1) ?? "";
    const headers = { "x-forwarded-for": "203.0.113.7" };
    const forms = [
      `${CANVAS}?cap=${token}`,
      `${CANVAS}?token=${token}`,
      `/__openclaw__/cap/${token.toLowerCase()}${CANVAS}`,
      `/__openclaw__/cap/${token}=${CANVAS}`,
      `/__openclaw__/cap/%20${token}${CANVAS}`,
      `/__openclaw__/cap/${token}%00${CANVAS}`,
      `/__openclaw__/cap/${token.slice(0, 24)}${CANVAS}`,
      `/__openclaw__/cap/${token}${token}${CANVAS}`,
      `/__openclaw__/cap/x/../${token}${CANVAS}`,
      `/__openclaw__/cap//${token}${CANVAS}`,
      `/__openclaw__/cap/${"A".repeat(43)}/../${token}${CANVAS}`,
      `//__openclaw__/cap/${token}${CANVAS}`,
    ];
    for (const port of [gateway.port, canvasPort]) {
      for (const form of forms) {
        const { status, text } = await ask(port, form, { headers });
        assert.ok([400, 401, 404].includes(status), `${form}: ${status}`);
        assert.ok(!text.includes("sendUserAction"), form);
      }
      const cookie = await ask(port, CANVAS, { headers: { ...headers, cookie: `cap=${token}` } });
      assert.equal(cookie.status, 401);
    }
    await client.close();
  },
  "of one client says nothing about another's, and leaves no trace in the log": async (gateway) => {
    const first = await placeOf(gateway);
    const second = await placeOf(gateway);
    assert.notEqual(first.cap, second.cap);
    for (const { cap } of [first, second]) {
      await ask(gateway.port, `${cap}${CANVAS}none`);
      assert.ok(!gateway.output.includes(cap.split("/").at(-1) ?? "?"));
    }
    await first.client.close();
    await second.client.close();
  },
});

const dialOf = (url: string): Promise<unknown> =>
  dial(url).then(async (found) => {
    if (typeof found === "number") return found;
    await hangUp(found);
    return found;
  }, (error: unknown) => String(error));

gatewayTest("live reload under attack", {}, {
  "a listener that talks, pings and sends rubbish without end is not in anybody's way": async (gateway) => {
    const { client, cap, canvasPort } = await placeOf(gateway);
    const noisy = await listen(`ws://127.0.0.1:${canvasPort}${cap}${WS}`, { origin: "null" });
    const calm = await listen(`ws://127.0.0.1:${canvasPort}${cap}${WS}`, { origin: "null" });
    const heard: string[] = [];
    calm.on("message", (data) => heard.push(String(data)));
    for (let index = 0; index < 20_000; index++) {
      noisy.send(index % 2 === 0 ? "reload" : '{"type":"req","id":"1","method":"config.get"}');
      if (index % 50 === 0) noisy.ping("x".repeat(100));
    }
    const started = performance.now();
    await client.request("health", {});
    assert.equal((await ask(canvasPort, `${cap}${CANVAS}`)).status, 200);
    assert.ok(performance.now() - started < 5_000);
    assert.deepEqual(heard, [], "what one page says no other hears");
    await new Promise((resolve) => setTimeout(resolve, 150));
    await Deno.writeTextFile(`${rootOf(gateway)}/new.txt`, "x");
    await eventually("the reload", () => heard.length > 0);
    assert.ok(heard.every((word) => word === "reload"));
    if (noisy.readyState !== noisy.CLOSED) await hangUp(noisy);
    await hangUp(calm);
    await client.close();
  },
  "under a foreign name no socket opens on the canvas port either": async (gateway) => {
    const { client, cap, canvasPort } = await placeOf(gateway);
    for (
      const host of ["rebound.example", `rebound.example:${canvasPort}`, "127.0.0.1.nip.example", "localhost.evil"]
    ) {
      for (const path of [`${cap}${WS}`, WS]) {
        assert.equal(await dialWith(canvasPort, path, host), 403, `${host} ${path}`);
      }
    }
    await client.close();
  },
});

const dialWith = (port: number, path: string, host: string): Promise<unknown> =>
  dial(`ws://127.0.0.1:${port}${path}`, { host }).then(async (found) => {
    if (typeof found !== "number") await hangUp(found);
    return found;
  });

gatewayTest("file names that deceive", {}, {
  "those that somebody put there by hand neither end a line nor leave the answer": async (gateway, model) => {
    const root = rootOf(gateway);
    const names = [
      "two\nlines.txt",
      "back\u202egnp.exe",
      "<img src=x onerror=alert(1)>.html",
      "naïve ☃ 文.txt",
      `${"l".repeat(250)}.txt`,
    ];
    for (const name of names) await Deno.writeTextFile(`${root}/${name}`, "content");
    await using owner = await gateway.connect();
    const say = async (args: unknown, name = "canvas_list"): Promise<string> => {
      model.script({ kind: "tool", name, args }, { kind: "text", pieces: ["Ok."] });
      const idempotencyKey = crypto.randomUUID();
      await owner.request("chat.send", { sessionKey: "main", message: "files", idempotencyKey });
      await owner.waitEvent(({ event, payload }) =>
        event === "chat" && payload["runId"] === idempotencyKey && payload["state"] === "final"
      );
      const messages = model.requests.at(-1)?.body["messages"];
      return Array.isArray(messages) ? String(messages.findLast(({ role }) => role === "tool")?.content) : "";
    };
    const list = await say({});
    assert.ok(!/lines\.txt|gnp/u.test(list), list);
    for (const line of list.split("\n")) assert.match(line, / \d+ bytes \d{4}-/u, JSON.stringify(line));
    const written: readonly (readonly [string, RegExp])[] = [
      ["a\nb.html", /control characters/u],
      ["a\u0000b.html", /control characters/u],
      ["x".repeat(300), /longer/u],
      [`${"d/".repeat(60)}x.html`, /folders deep|longer/u],
      ["../x.html", /begin with a dot/u],
      ["..\\x.html", /dot|backslash/u],
      ["C:x.html", /colon/u],
      ["．．/x.html", /begin with a dot/u],
      ["con\ud800.html", /well-formed|control|Cannot/u],
      [".ssh/authorized_keys", /begin with a dot/u],
      ["/etc/cron.d/x", /relative|empty parts/u],
    ];
    for (const [path, reason] of written) {
      const answer = await say({ path, content: "x" }, "canvas_write");
      assert.match(answer, reason, JSON.stringify(path));
    }
    for (const name of ["naïve ☃ 文.txt", "<img src=x onerror=alert(1)>.html"]) {
      const answer = await ask(gateway.port, `${CANVAS}${encodeURIComponent(name)}`);
      assert.equal(answer.status, 200, name);
      assert.match(answer.headers["content-security-policy"] ?? "", /^sandbox allow-scripts;/u);
      assert.doesNotMatch(JSON.stringify(answer.headers), /onerror/u, "no name in a header");
    }
  },
});

const EVIL_TEXT = [
  "<img src=x onerror=\"document.title='owned'\">",
  "<script>document.title='owned'</script>",
  "[press](javascript:document.title='owned')",
  "![x](javascript:document.title='owned')",
  "<a href=\"javascript:document.title='owned'\">a</a>",
  "[data](data:text/html,<script>1</script>)",
  "${document.title='owned'} {{constructor.constructor('return 1')()}}",
  "\u202egnp.exe \u2066x",
  "<style>body{display:none}</style><iframe srcdoc='<script>1</script>'></iframe>",
];
const CATALOG = "https://a2ui.org/specification/v0_9/catalogs/basic/catalog.json";

Deno.test({
  name: "A2UI strings with markup and scripts are words on the page, in both versions",
  ignore: browserMissing,
  fn: async () => {
    await using server = new A2uiServer();
    await using visitor = await Visitor.come();
    visitor.expected.push(/MarkdownDirective|style-src-attr|inline style/u);
    const ids = EVIL_TEXT.map((_, index) => `t${index}`);
    const forms = {
      "v0.9": [
        { version: "v0.9", createSurface: { surfaceId: "s", catalogId: CATALOG } },
        {
          version: "v0.9",
          updateComponents: {
            surfaceId: "s",
            components: [
              { id: "root", component: "Column", children: [...ids, "field", "go"] },
              ...EVIL_TEXT.map((text, index) => ({ id: `t${index}`, component: "Text", text })),
              { id: "field", component: "TextField", label: EVIL_TEXT[0], value: EVIL_TEXT[1] },
              { id: "go", component: "Button", child: "t0", action: { event: { name: EVIL_TEXT[0] } } },
            ],
          },
        },
      ],
      "v0.8": [
        {
          surfaceUpdate: {
            surfaceId: "s",
            components: [
              { id: "root", component: { Column: { children: { explicitList: [...ids, "field"] } } } },
              ...EVIL_TEXT.map((literalString, index) => ({
                id: `t${index}`,
                component: { Text: { text: { literalString } } },
              })),
              {
                id: "field",
                component: {
                  TextField: { label: { literalString: EVIL_TEXT[0] }, text: { literalString: EVIL_TEXT[1] } },
                },
              },
            ],
          },
        },
        { beginRendering: { surfaceId: "s", root: "root" } },
      ],
    };
    for (const version of ["v0.9", "v0.8"] as const) {
      const at = await A2uiPage.open(visitor, server, version);
      await at.apply(forms[version]);
      await at.frame.getByText("gnp.exe").first().waitFor();
      const bad = await at.frame.evaluate(() => {
        const found: string[] = [];
        const walk = (root: Document | ShadowRoot | Element): void => {
          for (const element of root.querySelectorAll("*")) {
            const { localName } = element;
            if (
              ["script", "iframe", "object", "embed", "base"].includes(localName) && element.getRootNode() !== document
            ) {
              found.push(localName);
            }
            for (const { name, value } of element.attributes) {
              if (name.startsWith("on") || /^\s*(?:javascript|data:text)/iu.test(value)) {
                found.push(`${localName} ${name}=${value}`);
              }
            }
            if (element.shadowRoot) walk(element.shadowRoot);
          }
        };
        walk(document);
        return { found, title: document.title };
      });
      assert.deepEqual(bad.found, [], version);
      assert.notEqual(bad.title, "owned");
    }
    assert.ok(server.asked.every((path) => !path.endsWith("/x")), "no picture was asked for");
    visitor.faults.splice(0, visitor.faults.length, ...visitor.faults.filter((one) => !/style-src-attr/u.test(one)));
  },
});
