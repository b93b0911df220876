/** Notice that nobody touches the page any more. */

const SIGNS = ["pointerdown", "keydown", "scroll"];

/**
 * Call `act` once nobody has touched the page for `milliseconds`.
 * @param {number} milliseconds @param {() => void} act @returns {() => void} stop
 */
export function whenIdle(milliseconds, act) {
  let timer = setTimeout(act, milliseconds);
  const gone = new AbortController();
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds);
  };
  for (const name of SIGNS) {
    window.addEventListener(name, again, { capture: true, passive: true, signal: gone.signal });
  }
  return () => {
    clearTimeout(timer);
    gone.abort();
  };
}
