/** Unit tests of the permission sets. */
import assert from "node:assert/strict";
import { netHost } from "../config/endpoint.ts";
import { agentPermissions, modelHosts, permissionOptions } from "./permissions.ts";

Deno.test("a host carries its port, the scheme's own when none is written", () => {
  assert.equal(netHost("https://api.example.com/v1"), "api.example.com:443");
  assert.equal(netHost("http://localhost/v1"), "localhost:80");
  assert.equal(netHost("http://127.0.0.1:11434/v1"), "127.0.0.1:11434");
  assert.equal(netHost("http://[::1]:8080"), "[::1]:8080");
  for (const bad of ["file:///etc/passwd", "not a url", ""]) assert.equal(netHost(bad), undefined);
});

Deno.test("every endpoint is named once and providers without one add nothing", () => {
  const providers = ["https://a.example/v1", undefined, "https://a.example/v2", "http://b.example:1/"];
  assert.deepEqual(modelHosts(providers.map((baseUrl) => ({ baseUrl }))), ["a.example:443", "b.example:1"]);
});

Deno.test("the agent's set names its hosts and denies every other kind by name", () => {
  const options = permissionOptions(agentPermissions([{ baseUrl: "https://a.example" }], () => true));
  assert.deepEqual(options, {
    net: ["a.example:443"],
    sys: false,
    env: false,
    ffi: false,
    import: false,
    read: false,
    run: false,
    write: false,
  });
});

Deno.test("a host that main may not reach is left out, and no host at all is a denial, not a list of all", () => {
  const set = agentPermissions([{ baseUrl: "https://a.example" }], () => false);
  assert.deepEqual(set.net, []);
  assert.equal(permissionOptions(set).net, false);
});
