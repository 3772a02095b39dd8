/** What the worker of an account cannot do, as a thread and as a process. Each provider's own test does the same. */
import { manifest } from "../../workers/fake/manifest.ts";
import { assertDenials } from "../helpers/denials.ts";

for (const isolation of ["worker", "process"] as const) {
  Deno.test(`${isolation}: a worker reaches its platform and nothing else`, async () => {
    await assertDenials({
      manifest,
      entry: new URL("../fixtures/workers/probe_fake.ts", import.meta.url),
      isolation,
      config: (address) => ({ url: address.replace("http:", "ws:") }),
    });
  });
}
