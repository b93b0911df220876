/** Hear of changes in a consult as they happen. */

import { getSession } from "./api.js";
import { delay } from "./backoff.js";

const NAMES = [
  "message.posted", "photo.previewed", "photo.attached", "photo.accepted", "photo.rejected", "request.changed", "outcome.given",
  "advice.signed", "advice.acknowledged", "clock.moved", "consult.changed",
];
const SETTLED = 10_000; // a stream that lasted this long was a good one

/**
 * @param {string} consultId
 * @param {{ after: number, onChange: () => void }} listener called on every event behind number
 *   `after`; what happens while the line is down is heard once it is up again
 * @returns {() => void} stop
 */
export function follow(consultId, { after, onChange }) {
  /** @type {EventSource | undefined} */
  let stream;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let attempt = 0;
  let last = after;
  /** @param {MessageEvent} event */
  const hear = (event) => {
    last = Number(event.lastEventId);
    onChange();
  };

  const connect = () => {
    const since = Date.now();
    const source = new EventSource(`/api/consults/${consultId}/events?after=${last}`);
    stream = source;
    for (const name of NAMES) source.addEventListener(name, hear);
    const reconnect = () => {
      source.close();
      attempt = Date.now() - since > SETTLED ? 0 : attempt + 1;
      timer = setTimeout(connect, delay(attempt, Math.random()));
    };
    source.addEventListener("bye", reconnect);
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      reconnect();
      getSession().catch(endedOr);
    });
  };

  connect();
  return () => {
    clearTimeout(timer);
    stream?.close();
  };
}

/** A stream gives no reason for its end: ask whether anybody is still signed in. @param {any} error */
function endedOr(error) {
  if (error.status === 401) window.dispatchEvent(new Event("session-ended"));
}
