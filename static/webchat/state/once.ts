/** Runs a job once at a time; a call during the job makes it run once more afterwards. */
export function once(job: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let again = false;
  return () => {
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await job();
      } while (again);
    })().finally(() => running = undefined);
    return running;
  };
}
