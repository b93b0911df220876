/**
 * Work that runs one at a time: however often it is asked for meanwhile, it runs once more. Pure.
 * @param {() => Promise<void>} work
 * @returns {() => Promise<void>} ask; settles when the work that covers this asking is done
 */
export function coalesced(work) {
  /** @type {Promise<void> | null} */
  let running = null;
  let again = false;

  const run = async () => {
    try {
      do {
        again = false;
        await work();
      } while (again);
    } finally {
      running = null;
    }
  };

  return () => {
    again = true;
    running ??= run();
    return running;
  };
}
