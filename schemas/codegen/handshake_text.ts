/** The handshake section of the reference page: prose that no schema can say. */

export const HANDSHAKE = `## Handshake

1. The client opens a WebSocket on any path of the gateway's port. No subprotocol, no compression.
2. The gateway sends \`connect.challenge\` with a \`nonce\` and its time \`ts\`, without \`seq\`.
3. The client sends the request \`connect\` (ConnectParams) as its first frame. Anything else ends the connection.
4. The gateway answers with \`hello-ok\` (HelloOk), or with an error and a close.

**Room.** Too many sockets that wait for their handshake, from one address or in all: the upgrade is refused with HTTP 503.

**Browsers.** A browser under a Host that the gateway does not know, or with the Origin \`null\`, is refused with HTTP 403. Any other
foreign Origin is refused in the handshake, unless \`gateway.controlUi.allowedOrigins\` holds it.

**Version.** The gateway takes the highest of 3 and 4 that lies within \`minProtocol\`..\`maxProtocol\` and repeats it in
\`hello-ok.protocol\`. A range without 3 and 4 gets \`protocol mismatch\` and close 1002.

**Secret.** \`auth.token\` or \`auth.password\` holds the gateway's secret; \`auth.deviceToken\` (or \`auth.token\`) a token that an
earlier \`hello-ok\` gave to this device; \`auth.bootstrapToken\` a one-use code from the gateway's start lines.

**Device.** A device is an Ed25519 key. Its id is the lower-case hex SHA-256 of the raw 32-byte public key. The signature covers
the UTF-8 text of these fields joined with \`|\`:

| Version | Fields |
|---|---|
| v3 | \`v3\`, device id, client id, client mode, role, scopes joined with \`,\`, signedAt, token, nonce, platform, device family |
| v2 | \`v2\`, device id, client id, client mode, role, scopes, signedAt, token, nonce |
| v1 | \`v1\`, device id, client id, client mode, role, scopes, signedAt, token (protocol 3, local, without nonce) |

\`token\` is the first present of \`auth.token\`, \`auth.deviceToken\`, \`auth.bootstrapToken\`, else empty. Platform and device family
are trimmed and their ASCII letters lower-cased. A protocol 4 client uses the challenge's \`ts\` as \`signedAt\`.

**Pairing.** A local device is approved silently. A remote one gets \`NOT_PAIRED\` with \`details.requestId\` and waits until an
operator calls \`device.pair.approve\`. An approved device finds its own token in \`hello-ok.auth.deviceToken\`.

**Afterwards.** Requests of a connection run side by side and their answers come in any order. \`agent\` answers twice on one id.
Events carry \`seq\`, counted per client from 1 without gaps; a gap means that events were dropped for slowness. A frame that is
not JSON is ignored; a frame that is no request is answered with \`invalid request frame\`.`;
