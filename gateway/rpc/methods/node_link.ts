/** node.link: opens the node page on a phone. */
import { NodeLinkParams, NodeLinkResult } from "../../../schemas/method/nodes.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import { qrDataUrl } from "../qr.ts";

const link = defineMethod({
  name: "node.link",
  // Whoever has the link pairs a device with it.
  access: "operator.pairing",
  params: NodeLinkParams,
  result: NodeLinkResult,
  idempotency: "none",
  deadlineMs: 10_000,
  description:
    "A link with a one-use code that makes a phone's browser a node, also as a picture to scan; or the code alone",
  async handle({ params }, { phoneLink, nodeCode }) {
    if (params.codeOnly === true) return { available: true, ...nodeCode() };
    const made = phoneLink();
    if (!made.available) return { available: false, reason: made.reason };
    const { url, expiresAtMs, fingerprint } = made;
    return {
      available: true,
      url,
      qrDataUrl: await qrDataUrl(url),
      expiresAtMs,
      ...(fingerprint === undefined ? {} : { fingerprint }),
    };
  },
});

export const nodeLinkMethods: readonly MethodDef[] = [link];
