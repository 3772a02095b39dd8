/** What all pages say when the gateway refuses them, in English. */

export const refusals = {
  old: {
    title: "This browser is too old",
    text: "It cannot make an Ed25519 device key.",
    steps: ["Update it: Chrome 137, Firefox 129, Safari 17 or newer."],
  },
  origin: {
    title: "The gateway does not accept this address",
    text: "The page was opened under a name that the gateway does not know.",
    steps: ["Open it under the gateway's own address, or add this one to gateway.controlUi.allowedOrigins:"],
  },
  protocol: {
    title: "Page and gateway speak different versions",
    text: "The gateway was probably updated while this page was open.",
    steps: ["Reload the page."],
  },
  device: {
    title: "The gateway does not accept this browser's key",
    text: "Its signature could not be checked.",
    steps: ["Forget the key and begin anew; the browser then counts as a new device."],
  },
  other: { title: "The gateway refused the connection", text: "It gave this reason:", steps: [] },
};
