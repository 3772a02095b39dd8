/** `openclaw nodes qr` and `code`: what lets a phone's browser, or another computer, in as a node. */
import { Type } from "../../schemas/primitives.ts";
import { qrBlocks } from "../rpc/qr.ts";
import { withGateway } from "./connect.ts";
import type { Command } from "./context.ts";
import { CliError } from "./exit.ts";
import { duration } from "./format.ts";
import { clean } from "./output.ts";
import { read } from "./payloads.ts";

const Opt = Type.Optional;
const Link = Type.Object({
  available: Type.Boolean(),
  reason: Opt(Type.String()),
  url: Opt(Type.String()),
  code: Opt(Type.String()),
  expiresAtMs: Opt(Type.Number()),
  fingerprint: Opt(Type.String()),
});

export const qrCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const { out, clock } = context;
    const payload = await session.call("node.link", {});
    const { available, reason, url, expiresAtMs, fingerprint } = read("node.link", Link, payload);
    if (!available || url === undefined) {
      throw new CliError("failed", "No link for a phone", [clean(reason ?? "The gateway has no HTTPS address")]);
    }
    if (options.flag("json")) return out.json(payload);
    out.line(await qrBlocks(url, out.isTty && out.style("bold", "x") !== "x"));
    out.line(clean(url));
    const left = expiresAtMs === undefined ? "" : ` It ends in ${duration(expiresAtMs - clock.now())}.`;
    out.line(`Scan it with the phone and switch on there what it may do. The link lets one device in, once.${left}`);
    if (fingerprint === undefined) return;
    out.line(`The phone warns of the gateway's own certificate; it is right when its SHA-256 is ${clean(fingerprint)}`);
  });

export const codeCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const { out, clock } = context;
    const payload = await session.call("node.link", { codeOnly: true });
    const { code, expiresAtMs } = read("node.link", Link, payload);
    // A gateway of an older version knows links alone.
    if (code === undefined) {
      throw new CliError("failed", "This gateway makes no codes", ["Its links have one: openclaw nodes qr"]);
    }
    if (options.flag("json")) return out.json(payload);
    out.line(clean(code));
    const left = expiresAtMs === undefined ? "" : ` It ends in ${duration(expiresAtMs - clock.now())}.`;
    out.note(`It lets one node in, once.${left} On that computer:`);
    const url = session.target.loopback ? "<ws or wss address of this gateway>" : session.target.url;
    out.note(`  OPENCLAW_GATEWAY_URL=${url} deno task node --code ${clean(code)}`);
  });
