/** Both versions of A2UI, each made ready when its first message comes. */
import type { A2uiVersion } from "../../../schemas/event/canvas.ts";
import type { DialectOf } from "./board.ts";
import type { Dialect } from "./dialect.ts";
import { compileSpec, type Spec } from "./spec.ts";
import { partsOfV08 } from "./spec_v0_8.ts";
import { partsOfV09 } from "./spec_v0_9.ts";
import { createV08 } from "./v0_8.ts";
import { createV09 } from "./v0_9.ts";

/** `schemaDir`: where the build put A2UI's schemas. */
export function createDialects(schemaDir?: string): DialectOf {
  const ready = new Map<A2uiVersion, Dialect>();
  return (version) => {
    let dialect = ready.get(version);
    if (!dialect) {
      const spec = lazy(() => compileSpec(version === "v0.9" ? partsOfV09(schemaDir) : partsOfV08(schemaDir)));
      ready.set(version, dialect = version === "v0.9" ? createV09(spec) : createV08(spec));
    }
    return dialect;
  };
}

/** Restoring what was kept needs no schemas; only a check reads them. */
function lazy(make: () => Spec): Spec {
  let made: Spec | undefined;
  const spec = (): Spec => made ??= make();
  return {
    checkMessage: (kind, message) => spec().checkMessage(kind, message),
    checkComponent: (type, component, at, named) => spec().checkComponent(type, component, at, named),
  };
}
