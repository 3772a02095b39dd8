/** The attachment host of the test server: takes and gives encrypted files over TLS, as WhatsApp's do. */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from "node:crypto";
import { getMediaKeys, type MediaType } from "@whiskeysockets/baileys";
import { MEDIA_CERT, MEDIA_KEY } from "./test_keys.ts";

const KINDS = ["image", "video", "document", "audio"];
const MAX_BYTES = 64 * 1024 * 1024 + 64;
const MAC = 10;

export interface MediaHost extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly auth: string;
  /** Requests that were refused, with the reason. */
  readonly refused: readonly string[];
  /** How many uploads came in. */
  readonly uploads: number;
  /** Answers the next uploads with this status. */
  failUploads(count: number, status: number): void;
  /** Puts an encrypted file there for a client; the fields of the message that refers to it. */
  put(data: Uint8Array, type: MediaType): Promise<StoredFile>;
  /** The decrypted file of a message that a client sent. Throws when its code or checksum is wrong. */
  read(file: FileFields, type: MediaType): Promise<Uint8Array>;
  remove(directPath: string): void;
  /** Changes one byte of a stored file. */
  damage(directPath: string): void;
  /** Answers requests for this path by a redirect. */
  redirect(directPath: string, to: string): void;
}

export interface StoredFile {
  readonly url: string;
  readonly directPath: string;
  readonly mediaKey: Uint8Array;
  readonly fileSha256: Uint8Array;
  readonly fileEncSha256: Uint8Array;
  readonly fileLength: number;
}

export interface FileFields {
  readonly directPath?: string | null;
  readonly mediaKey?: Uint8Array | null;
  readonly fileSha256?: Uint8Array | null;
  readonly fileEncSha256?: Uint8Array | null;
}

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

export function startMediaHost(): MediaHost {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const redirects = new Map<string, string>();
  const refused: string[] = [];
  const auth = randomBytes(24).toString("base64");
  let uploads = 0;
  let failing = { count: 0, status: 500 };
  let next = 0;

  const refuse = (status: number, reason: string): Response => {
    refused.push(reason);
    return new Response(JSON.stringify({ error: reason }), { status });
  };

  async function upload(request: Request, url: URL): Promise<Response> {
    const body = new Uint8Array(await request.arrayBuffer());
    const [, root, kind, token = ""] = url.pathname.split("/");
    if (failing.count-- > 0) return refuse(failing.status, "told to fail");
    if (root !== "mms" || !KINDS.includes(kind ?? "")) return refuse(404, `no such place: ${url.pathname}`);
    if (url.searchParams.get("auth") !== auth) return refuse(401, "the session's secret is wrong");
    if (request.headers.get("content-type") !== "application/octet-stream") return refuse(415, "the type is wrong");
    if (request.headers.get("origin") !== "https://web.whatsapp.com") return refuse(403, "the origin is wrong");
    if (body.byteLength > MAX_BYTES) return refuse(413, "too large");
    const digest = sha256(body).toString("base64url");
    if (decodeURIComponent(token) !== digest || url.searchParams.get("token") !== digest) {
      return refuse(400, "the token is not the checksum of the body");
    }
    uploads++;
    const directPath = store(body);
    return Response.json({ url: `https://${url.host}${directPath}`, direct_path: directPath });
  }

  function store(body: Uint8Array<ArrayBuffer>): string {
    const path = `/v/t62.${++next}`;
    files.set(path, body);
    return path;
  }

  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert: MEDIA_CERT, key: MEDIA_KEY, onListen: () => {} },
    async (request) => {
      const url = new URL(request.url);
      if (request.method === "POST") return await upload(request, url);
      const to = redirects.get(url.pathname);
      if (to !== undefined) return Response.redirect(to, 302);
      const body = files.get(url.pathname);
      return body ? new Response(body) : refuse(404, `no such file: ${url.pathname}`);
    },
  );
  const host = `127.0.0.1:${server.addr.port}`;

  return {
    host,
    auth,
    refused,
    get uploads() {
      return uploads;
    },
    failUploads: (count, status) => failing = { count, status },
    async put(data, type) {
      const mediaKey = randomBytes(32);
      const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, type);
      const cipher = createCipheriv("aes-256-cbc", cipherKey, iv);
      const sealed = Buffer.concat([cipher.update(data), cipher.final()]);
      const mac = createHmac("sha256", macKey ?? "").update(iv).update(sealed).digest().subarray(0, MAC);
      const body = new Uint8Array(Buffer.concat([sealed, mac]));
      const directPath = store(body);
      return {
        url: `https://${host}${directPath}`,
        directPath,
        mediaKey,
        fileSha256: sha256(data),
        fileEncSha256: sha256(body),
        fileLength: data.byteLength,
      };
    },
    async read({ directPath, mediaKey, fileSha256, fileEncSha256 }, type) {
      const body = files.get(directPath ?? "");
      if (!body || !mediaKey) throw new Error("the message refers to no file");
      if (!sha256(body).equals(Buffer.from(fileEncSha256 ?? []))) throw new Error("the checksum of the file is wrong");
      const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, type);
      const sealed = body.subarray(0, -MAC);
      const mac = createHmac("sha256", macKey ?? "").update(iv).update(sealed).digest().subarray(0, MAC);
      if (!mac.equals(body.subarray(-MAC))) throw new Error("the code of the file is wrong");
      const decipher = createDecipheriv("aes-256-cbc", cipherKey, iv);
      const plain = Buffer.concat([decipher.update(sealed), decipher.final()]);
      if (!sha256(plain).equals(Buffer.from(fileSha256 ?? []))) throw new Error("the checksum of the content is wrong");
      return new Uint8Array(plain);
    },
    remove: (path) => void files.delete(path),
    damage(path) {
      const body = files.get(path);
      if (body) body[0] = (body[0] ?? 0) ^ 1;
    },
    redirect: (path, to) => void redirects.set(path, to),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
