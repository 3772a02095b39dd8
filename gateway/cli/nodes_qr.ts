/** `openclaw nodes qr`: the link that makes a phone's browser a node, as a code to scan. */
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
  expiresAtMs: Opt(Type.Number()),
  fingerprint: Opt(Type.String()),
});

export const qrCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const { out, clock } = context;
    const payload = await session.call("node.link", {});
    const { available, reason, url, expiresAtMs, fingerprint } = read("node.link", Link, payload);
    if (!available || url === undefined) {
      throw new CliError("failed", `No link for a phone: ${clean(reason ?? "the gateway has no HTTPS address")}`);
    }
    if (options.flag("json")) return out.json(payload);
    out.line(await qrBlocks(url, out.isTty && out.style("bold", "x") !== "x"));
    out.line(clean(url));
    const left = expiresAtMs === undefined ? "" : ` It ends in ${duration(expiresAtMs - clock.now())}.`;
    out.line(`Scan it with the phone and switch on there what it may do. The link lets one device in, once.${left}`);
    if (fingerprint === undefined) return;
    out.line(`The phone warns of the gateway's own certificate; it is right when its SHA-256 is ${clean(fingerprint)}`);
  });
