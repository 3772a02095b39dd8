// Every refusal of handshake facts, sections 4, 6 and 6.2, on both protocols.
import assert from "node:assert/strict";
import { ErrorShape } from "../../schemas/error.ts";
import { checker } from "../../schemas/validate.ts";
import type { ConnectOptions } from "../../tests/helpers/connect_params.ts";
import { makeWorld, SECRET, type Where, type World } from "../../tests/helpers/handshakes.ts";
import { makeIdentity } from "../../tests/helpers/identity.ts";

const device = makeIdentity();
const other = makeIdentity();
const UI = { id: "openclaw-control-ui", mode: "webchat" };
const checkError = checker(ErrorShape);

interface Row {
  readonly name: string;
  readonly gateway?: Record<string, unknown>;
  readonly unset?: "token" | "password";
  readonly where?: Where;
  readonly options: ConnectOptions;
  /** Per protocol where they differ. */
  readonly message: string | { readonly 3: string; readonly 4: string };
  readonly code?: string;
  readonly detail: string;
  readonly reason?: string;
  readonly close?: number;
  readonly protocols?: readonly (3 | 4)[];
  readonly prepare?: (world: World) => void | Promise<void>;
}

const ORIGIN_TEXT =
  "origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)";
const PASSWORD = { auth: { mode: "password", password: SECRET } };

const REFUSALS: readonly Row[] = [
  {
    name: "parameters that do not match",
    options: { token: SECRET, client: { id: "stranger" } },
    message: "invalid connect params: at /client/id: must be equal to one of the allowed values",
    detail: "INVALID_CONNECT_PARAMS",
  },
  {
    name: "an unknown role",
    options: { token: SECRET, role: "king" },
    message: "invalid role",
    detail: "INVALID_ROLE",
  },
  {
    name: "a page of another origin",
    where: { origin: "http://evil.com" },
    options: { token: SECRET, device },
    message: ORIGIN_TEXT,
    detail: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
    reason: "origin-not-allowed",
  },
  {
    name: "a sandboxed page",
    where: { origin: "null" },
    options: { token: SECRET, device },
    message: ORIGIN_TEXT,
    detail: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
    reason: "origin-null",
  },
  {
    name: "a rebound page",
    where: { origin: "http://evil.com", host: "evil.com" },
    options: { token: SECRET, device },
    message: ORIGIN_TEXT,
    detail: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
    reason: "host-unknown",
  },
  {
    name: "a Control UI that names no origin",
    options: { token: SECRET, device, client: UI },
    message: ORIGIN_TEXT,
    detail: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
    reason: "origin-missing",
  },
  {
    name: "a Control UI without a device",
    where: { origin: "http://127.0.0.1:18789" },
    options: { token: SECRET, client: UI },
    message: "control ui requires HTTPS or localhost (secure context)",
    detail: "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
  },
  {
    name: "no device and a wrong secret",
    options: { token: "wrong" },
    message: "unauthorized: gateway token mismatch (set gateway.remote.token to match gateway.auth.token)",
    detail: "AUTH_TOKEN_MISMATCH",
  },
  {
    name: "no device and nothing else",
    options: {},
    message: "device identity required",
    code: "NOT_PAIRED",
    detail: "DEVICE_IDENTITY_REQUIRED",
  },
  {
    name: "no device, an empty secret and a code",
    options: { token: "", bootstrapToken: "x".repeat(32) },
    message: "device identity required",
    code: "NOT_PAIRED",
    detail: "DEVICE_IDENTITY_REQUIRED",
  },
  {
    name: "a node without a device",
    options: { token: SECRET, role: "node" },
    message: "device identity required",
    code: "NOT_PAIRED",
    detail: "DEVICE_IDENTITY_REQUIRED",
  },
  {
    name: "a device id of another key",
    options: { token: SECRET, device: { ...device, id: other.id } },
    message: "device identity mismatch",
    detail: "DEVICE_AUTH_DEVICE_ID_MISMATCH",
    reason: "device-id-mismatch",
  },
  {
    name: "a public key that is none",
    options: { token: SECRET, device: { ...device, publicKey: "AAAA" } },
    message: "device public key invalid",
    detail: "DEVICE_AUTH_PUBLIC_KEY_INVALID",
    reason: "device-public-key",
  },
  {
    name: "a stale signature",
    options: { token: SECRET, device, signedAt: 1 },
    message: "device signature expired",
    detail: "DEVICE_AUTH_SIGNATURE_EXPIRED",
    reason: "device-signature-stale",
  },
  {
    name: "a remote device that does not sign the nonce",
    where: "remote",
    options: { token: SECRET, device, nonce: null },
    message: "device nonce required",
    detail: "DEVICE_AUTH_NONCE_REQUIRED",
    reason: "device-nonce-missing",
  },
  {
    name: "a local device of protocol 4 that does not sign the nonce",
    options: { token: SECRET, device, nonce: null },
    message: "device nonce required",
    detail: "DEVICE_AUTH_NONCE_REQUIRED",
    reason: "device-nonce-missing",
    protocols: [4],
  },
  {
    name: "the nonce of another socket",
    options: { token: SECRET, device, nonce: "other" },
    message: "device nonce mismatch",
    detail: "DEVICE_AUTH_NONCE_MISMATCH",
    reason: "device-nonce-mismatch",
  },
  {
    name: "a signature by another key",
    options: { token: SECRET, device: { ...device, privateKey: other.privateKey } },
    message: "device signature invalid",
    detail: "DEVICE_AUTH_SIGNATURE_INVALID",
    reason: "device-signature",
  },
  {
    name: "a device with nothing to show",
    options: { device, client: { id: "test", mode: "test" } },
    message: "unauthorized: gateway token missing (provide gateway auth token)",
    detail: "AUTH_TOKEN_MISSING",
  },
  {
    name: "a device with a wrong token",
    options: { device, token: "wrong", client: { id: "gateway-client", mode: "backend" } },
    message: "unauthorized: gateway token mismatch (provide gateway auth token)",
    detail: "AUTH_TOKEN_MISMATCH",
  },
  {
    name: "a page with a wrong token",
    where: { origin: "http://127.0.0.1:18789" },
    options: { device, token: "wrong", client: UI },
    message: "unauthorized: gateway token mismatch (open the dashboard URL and paste the token in Control UI settings)",
    detail: "AUTH_TOKEN_MISMATCH",
  },
  {
    name: "password mode without a password",
    gateway: PASSWORD,
    options: { device },
    message: "unauthorized: gateway password missing (set gateway.remote.password to match gateway.auth.password)",
    detail: "AUTH_PASSWORD_MISSING",
  },
  {
    name: "password mode with a wrong password",
    gateway: PASSWORD,
    where: { origin: "http://127.0.0.1:18789" },
    options: { device, password: "wrong", client: UI },
    message: "unauthorized: gateway password mismatch (enter the password in Control UI settings)",
    detail: "AUTH_PASSWORD_MISMATCH",
  },
  {
    name: "a token that is not configured",
    unset: "token",
    options: { device, token: "any" },
    message: "unauthorized: gateway token not configured on gateway (set gateway.auth.token)",
    detail: "AUTH_TOKEN_NOT_CONFIGURED",
  },
  {
    name: "a password that is not configured",
    unset: "password",
    options: { device, password: "any" },
    message: "unauthorized: gateway password not configured on gateway (set gateway.auth.password)",
    detail: "AUTH_PASSWORD_NOT_CONFIGURED",
  },
  {
    name: "a device token that was never issued",
    protocols: [4],
    options: { device, deviceToken: "wrong" },
    message: "unauthorized: device token mismatch (connect with the gateway token or password to get a new one)",
    detail: "AUTH_DEVICE_TOKEN_MISMATCH",
  },
  {
    name: "a code that was never issued",
    protocols: [4],
    options: { device, bootstrapToken: "wrong" },
    message: "unauthorized: one-use code invalid, used or expired (ask the gateway for a new link)",
    detail: "AUTH_BOOTSTRAP_TOKEN_INVALID",
  },
  {
    name: "too many failures",
    where: "remote",
    options: { token: SECRET },
    message: "unauthorized: too many failed attempts (wait, then try again)",
    detail: "AUTH_RATE_LIMITED",
    prepare: async (world) => {
      for (let i = 0; i < 10; i++) await world.connect({ token: "wrong" }, "remote");
    },
  },
  {
    name: "an unpaired remote device",
    where: "remote",
    options: { token: SECRET, device },
    message: { 3: "pairing required", 4: "pairing required: device is not approved yet" },
    code: "NOT_PAIRED",
    detail: "PAIRING_REQUIRED",
    reason: "not-paired",
  },
];

for (const row of REFUSALS) {
  for (const protocol of row.protocols ?? [3, 4] as const) {
    Deno.test(`protocol ${protocol} refuses ${row.name}`, async () => {
      const world = await makeWorld(row.gateway, {}, row.unset);
      await row.prepare?.(world);
      const message = typeof row.message === "string" ? row.message : row.message[protocol];
      const refusal = await world.connect({ protocol, ...row.options }, row.where);
      assert.ok(refusal.kind === "refused");
      const { error, close } = refusal;
      assert.equal(error.message, message);
      assert.equal(error.code, row.code ?? "INVALID_REQUEST");
      assert.equal(close.code, row.close ?? 1008);
      assert.ok(close.reason.startsWith(message.slice(0, 100)), close.reason);
      assert.ok(new TextEncoder().encode(close.reason).length <= 120);
      const details: Record<string, unknown> = { ...Object(error.details) };
      assert.equal(details["code"], row.detail);
      if (row.reason !== undefined) assert.equal(details["reason"], row.reason);
      assert.ok(String(details["remediationHint"]).length > 10, "every refusal names a next step");
      assert.equal(checkError.is(error), true, "no keys beside those of the protocol");
      assert.equal(JSON.stringify(refusal).includes(SECRET), false);
    });
  }
}
