/** Manifests for tests of the gateway, which may not import the providers themselves. */
export { createFakeManifest } from "../../workers/fake/manifest.ts";
