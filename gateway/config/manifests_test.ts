/** Promises that the configuration relies on, for every provider that is shipped. */
import assert from "node:assert/strict";
import { KNOWN_ENV } from "../observe/env_capture.ts";
import { channelEntries } from "../supervisor/shipped.ts";
import { channelSchema } from "./channel_accounts.ts";
import { holdsSecret } from "./view.ts";

const manifests = channelEntries().map(({ manifest }) => manifest);

Deno.test("every provider has an id of its own", () => {
  const ids = manifests.map(({ id }) => id);
  assert.deepEqual(ids, [...new Set(ids)]);
  for (const id of ids) assert.match(id, /^[a-z][a-z0-9-]*$/u);
});

Deno.test("every secret key is shown as a marker, also its file and within an account", () => {
  for (const { id, secrets } of manifests) {
    for (const key of secrets) assert.ok(holdsSecret(key), `${id}.${key} would be shown by config.get`);
  }
});

Deno.test("the variables that stand in for secrets are captured at start", () => {
  for (const { id, env, secrets } of manifests) {
    for (const [key, name] of Object.entries(env)) {
      assert.ok(secrets.includes(key), `${id}.${key} is a secret`);
      assert.ok(KNOWN_ENV.includes(name), `${name} of ${id} is in KNOWN_ENV`);
    }
  }
});

Deno.test("what is asked at the setup is a key of the provider, and secrets are asked as such", () => {
  for (const manifest of manifests) {
    const known = Object.keys(channelSchema(manifest).properties);
    for (const { key, secret } of manifest.setup) {
      assert.ok(known.includes(key), `${manifest.id}.${key} is known`);
      assert.equal(
        secret,
        manifest.secrets.includes(key),
        `${manifest.id}.${key} is asked hidden exactly when it is a secret`,
      );
    }
  }
});

Deno.test("an empty account has rights that can be granted, and says what is missing without throwing", () => {
  for (const manifest of manifests) {
    const { net, sys, run } = manifest.permissions({});
    for (const entry of [...net, ...sys, ...run]) assert.match(entry, /^[^\s,]+$/u, `${manifest.id}: ${entry}`);
    assert.ok(!net.some((host) => host === "*" || host === ""), `${manifest.id} does not ask for every host`);
    assert.ok(Array.isArray(manifest.missing({}, new Set())));
    assert.deepEqual(manifest.foreignAddresses({}), [], `${manifest.id} uses its own addresses by itself`);
  }
});
