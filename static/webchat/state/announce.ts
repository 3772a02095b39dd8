/** What WebChat says of itself when it connects. */
import { type Announcement, browserName } from "../../client/hello.ts";

/** The name of the database that holds this page's key. */
export const VAULT = "openclaw-webchat";

/** Everything the page has a button for; the gateway grants what the device was approved for. */
const SCOPES = [
  "operator.admin",
  "operator.read",
  "operator.write",
  "operator.approvals",
  "operator.pairing",
] as const;

export const announce = (): Announcement => ({
  client: {
    id: "webchat-ui",
    displayName: `WebChat (${browserName()})`,
    version: "1.0.0",
    platform: navigator.platform || "web",
    mode: "webchat",
  },
  role: "operator",
  scopes: SCOPES,
  caps: ["tool-events"],
});
