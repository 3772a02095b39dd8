/** A worker with nothing in it, for the providers that need no library. */
postMessage("ready");
