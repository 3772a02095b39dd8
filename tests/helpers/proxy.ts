/** A reverse proxy of a few lines: passes bytes on and adds the header that names a remote address. */

/** Listens on a free loopback port and forwards to `port`, as if the client came from `address`. */
export function forwardingProxy(port: number, address: string): { readonly port: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const serve = async (client: Deno.TcpConn): Promise<void> => {
    const server = await Deno.connect({ hostname: "127.0.0.1", port });
    open.add(client).add(server);
    const first = new Uint8Array(16_384);
    const length = await client.read(first) ?? 0;
    const [line = "", ...rest] = new TextDecoder().decode(first.subarray(0, length)).split("\r\n");
    const head = [line, `X-Forwarded-For: ${address}`, ...rest].join("\r\n");
    const writer = server.writable.getWriter();
    await writer.write(new TextEncoder().encode(head));
    writer.releaseLock();
    await Promise.allSettled([client.readable.pipeTo(server.writable), server.readable.pipeTo(client.writable)]);
    open.delete(client);
    open.delete(server);
  };
  const working = new Set<Promise<void>>();
  const accepting = (async () => {
    for await (const client of listener) working.add(serve(client).catch(() => {}));
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting.catch(() => {});
      for (const connection of open) {
        try {
          connection.close();
        } catch {
          // Its pipe has closed it already.
        }
      }
      await Promise.all(working);
    },
  };
}
