/** How long to wait before another try. Pure. */

const FIRST = 1_000;
const LONGEST = 30_000;

/**
 * Doubles from one second to thirty, spread over half of it, so that after a restart of the
 * service its pages do not all return in the same instant.
 * @param {number} attempt 0, 1, 2 … @param {number} chance 0 to 1 @returns milliseconds
 */
export function delay(attempt, chance) {
  const full = Math.min(LONGEST, FIRST * 2 ** attempt);
  return full * (0.5 + chance / 2);
}
