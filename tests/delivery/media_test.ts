/** mediaUrl: only http(s), only public addresses, only granted hosts, only so much and so long. */
import assert from "node:assert/strict";
import { createPublicAddressRule } from "../../gateway/delivery/addresses.ts";
import { fetchMedia, type FetchMediaOptions } from "../../gateway/delivery/media.ts";

const PNG = Uint8Array.fromHex("89504e470d0a1a0a0000000d49484452");

async function withServer(
  handler: (request: Request) => Response | Promise<Response>,
  use: (origin: string, port: number) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  try {
    await use(`http://127.0.0.1:${server.addr.port}`, server.addr.port);
  } finally {
    await server.shutdown();
  }
}

const options = (change: Partial<FetchMediaOptions> = {}): FetchMediaOptions => ({
  maxBytes: 1024 * 1024,
  timeoutMs: 3_000,
  allowAddress: () => true,
  holdsNet: () => true,
  ...change,
});

Deno.test("a file is fetched, and its content says what it is", async () => {
  await withServer(
    () => new Response(PNG, { headers: { "content-type": "text/html" } }),
    async (origin) => {
      const media = await fetchMedia(`${origin}/pictures/a%20cat.png?token=secret`, options());
      assert.deepEqual({ ...media, data: media.data.length }, {
        kind: "image",
        mimeType: "image/png",
        fileName: "a cat.png",
        data: PNG.length,
      });
    },
  );
});

Deno.test("a page that calls itself a picture is not one, and a name is only a name", async () => {
  const headers = { "content-type": "image/png", "content-disposition": 'attachment; filename="../../etc/pa:ss.html"' };
  await withServer(() => new Response("<script>", { headers }), async (origin) => {
    const media = await fetchMedia(origin, options());
    assert.deepEqual([media.kind, media.mimeType, media.fileName], [
      "document",
      "application/octet-stream",
      "pass.html",
    ]);
  });
});

Deno.test("addresses outside the open internet are told apart", () => {
  const isPublic = createPublicAddressRule();
  const no = "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.255.255 192.168.1.1 " +
    "198.18.0.1 224.0.0.1 255.255.255.255 :: ::1 fe80::1 fe80::1%eth0 fc00::1 fd12::1 ff02::1 ::ffff:127.0.0.1 " +
    "::ffff:7f00:1 ::ffff:a9fe:a9fe 64:ff9b::7f00:1 2002:7f00:1:: 2001:db8::1 [::1] localhost 1.2.3 abc";
  for (const address of no.split(" ")) assert.equal(isPublic(address), false, address);
  const yes = "1.1.1.1 8.8.8.8 172.32.0.1 192.167.1.1 2606:4700::1111 ::ffff:8.8.8.8 ::ffff:808:808 [2a00:1450::1]";
  for (const address of yes.split(" ")) assert.equal(isPublic(address), true, address);
});

Deno.test("private addresses are refused in every way they can be written", async () => {
  let asked = 0;
  await withServer(() => (asked++, new Response(PNG)), async (_origin, port) => {
    const { allowAddress: _, ...real } = options();
    for (
      const host of ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"]
    ) {
      await assert.rejects(fetchMedia(`http://${host}:${port}/`, real), /is not public/u, host);
    }
    await assert.rejects(fetchMedia(`http://localhost:${port}/`, real), /stands for an address that is not public/u);
  });
  assert.equal(asked, 0, "no request reached the server");
});

Deno.test("a redirect into the private network is refused, and so is one too many or to another scheme", async () => {
  const answer = (request: Request): Response => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/loop") return Response.redirect(request.url, 302);
    if (pathname === "/to") {
      return new Response(null, { status: 302, headers: { location: searchParams.get("where") ?? "" } });
    }
    return new Response(PNG);
  };
  await withServer(answer, async (origin, port) => {
    const allowAddress = (address: string) => address === "127.0.0.1";
    const to = (where: string) =>
      fetchMedia(`${origin}/to?where=${encodeURIComponent(where)}`, options({ allowAddress }));
    assert.equal((await to("/file.png")).fileName, "file.png");
    await assert.rejects(to(`http://10.0.0.1:${port}/`), /"10\.0\.0\.1:\d+": the address is not public/u);
    await assert.rejects(to("http://169.254.169.254/latest"), /is not public/u);
    await assert.rejects(to("file:///etc/passwd"), /"file:" is not http or https/u);
    await assert.rejects(fetchMedia(`${origin}/loop`, options()), /more than 3 redirects/u);
  });
});

Deno.test("other schemes and addresses with a password are refused", async () => {
  for (const address of ["file:///etc/passwd", "ftp://example.com/a", "data:text/plain,hi"]) {
    await assert.rejects(fetchMedia(address, options()), /is not http or https/u);
  }
  await assert.rejects(fetchMedia("not a url", options()), /is not a URL/u);
  await assert.rejects(fetchMedia("https://user:pass@example.com/", options()), /name or password/u);
});

Deno.test("a host outside the granted flags is named with the flag to add", async () => {
  const asked: string[] = [];
  const holdsNet = (host: string) => (asked.push(host), false);
  const call = fetchMedia("https://files.example.com/a?sig=secret", options({ holdsNet }));
  await assert.rejects(call, (error: Error) => {
    assert.match(error.message, /restart it with --allow-net=files\.example\.com:443/u);
    assert.doesNotMatch(error.message, /secret/u);
    return true;
  });
  assert.deepEqual(asked, ["files.example.com:443"]);
});

Deno.test("too many bytes are refused whether they were announced or not", async () => {
  const big = new Uint8Array(200_000);
  await withServer(() => new Response(big), async (origin) => {
    await assert.rejects(fetchMedia(origin, options({ maxBytes: 100_000 })), /larger than 0\.1 MB/u);
  });
  const stream = () =>
    new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(65_536));
      },
    });
  await withServer(() => new Response(stream()), async (origin) => {
    await assert.rejects(fetchMedia(origin, options({ maxBytes: 100_000 })), /larger than 0\.1 MB/u);
  });
});

Deno.test("a server that does not answer in time is given up", async () => {
  const stuck = Promise.withResolvers<Response>();
  await withServer(() => stuck.promise, async (origin) => {
    await assert.rejects(fetchMedia(origin, options({ timeoutMs: 150 })), /took too long/u);
    stuck.resolve(new Response(null));
  });
});

Deno.test("a refusal of the server and a broken download are failures", async () => {
  await withServer(() => new Response("no", { status: 404 }), async (origin) => {
    await assert.rejects(fetchMedia(origin, options()), /status 404/u);
  });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    const conn = await listener.accept();
    await conn.read(new Uint8Array(1024));
    await conn.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this"));
    conn.close();
  })();
  await assert.rejects(fetchMedia(`http://127.0.0.1:${listener.addr.port}/`, options()), /connection broke/u);
  await served;
  listener.close();
});
