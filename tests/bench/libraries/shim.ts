/** What the libraries need to load in a worker without env; see workers/runtime/bootstrap.ts. */
import process from "node:process";

Object.defineProperty(process, "env", { value: Object.create(null), configurable: true });
