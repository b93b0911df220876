import { leftWords } from "./time.js";

/**
 * Show what is left until a moment, each second, and say when it has passed.
 * @param {HTMLElement} clock @param {Date} until @param {AbortSignal} signal
 * @param {() => void} onEnd
 */
export function countDown(clock, until, signal, onEnd) {
  let timer = 0;
  const tick = () => {
    const left = leftWords(until.getTime() - Date.now());
    clock.textContent = left;
    if (left) return;
    clearInterval(timer);
    onEnd();
  };
  timer = setInterval(tick, 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
  tick();
}
