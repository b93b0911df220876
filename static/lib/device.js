/**
 * The tablet of an ambulance: a key that never leaves it, and how it shows that key.
 *
 * The key lies in IndexedDB as a CryptoKey that no script can read out. What is signed names its
 * purpose, this origin and a challenge of the service. The clock of the tablet is never asked.
 */

import * as api from "./api.js";

/**
 * @typedef {{ id: string, name: string, key: CryptoKey, publicKey: string }} Tablet
 *   `id` is "" until the service has answered; `publicKey` is SPKI in base64url
 */

const PLACE = "tablet";
const ECDSA = { name: "ECDSA", namedCurve: "P-256" };

/** @returns {Promise<Tablet | null>} null where no tablet was enrolled, or its key is lost */
export async function knownTablet() {
  const tablet = await stored().catch(() => null);
  return tablet?.id ? tablet : null;
}

/**
 * Bind a key to the tablet whom the link names. The same key is tried again after a failure,
 * so that an answer lost on the way does not cost the link.
 * @param {string} token of the link @returns {Promise<api.DeviceSession>}
 */
export async function enrolTablet(token) {
  const tablet = await freshKey();
  const challenge = await api.deviceChallenge();
  const session = await api.enrolDevice({
    token,
    public_key: tablet.publicKey,
    ...(await answerTo(challenge, "enrolment", tablet.key)),
  });
  await keep({ ...tablet, id: session.device_id, name: session.name });
  await navigator.storage.persist?.(); // without a key this is a tablet no more
  return session;
}

/** @type {Promise<api.DeviceSession | null> | null} */
let proving = null;

/**
 * Show the key; from now on this browser may send for a quarter of an hour, nobody signed in.
 * @returns {Promise<api.DeviceSession | null>} null where there is no key to show
 */
export function proveTablet() {
  // Two at once would each make the other's token worthless.
  proving ??= prove().finally(() => (proving = null));
  return proving;
}

/** Let a sign-in be one on this tablet, if it is one. It must not fail for that. */
export const proveBeforeSignIn = () => proveTablet().catch(() => null);

async function prove() {
  const tablet = await knownTablet();
  if (!tablet) return null;
  const challenge = await api.deviceChallenge();
  const answer = await answerTo(challenge, "session", tablet.key);
  return api.proveDevice({ device_id: tablet.id, ...answer });
}

/** @param {{ challenge: string }} challenge @param {"enrolment" | "session"} purpose @param {CryptoKey} key */
async function answerTo({ challenge }, purpose, key) {
  const lines = ["consult-device-v1", purpose, location.origin, challenge];
  const message = new TextEncoder().encode(lines.join("\n"));
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, message);
  return { challenge, signature: base64url(signature) };
}

/** It is kept before the link is used: a browser that cannot keep it fails while that costs nothing. */
async function freshKey() {
  const begun = await stored();
  if (begun && !begun.id) return begun;
  const pair = await crypto.subtle.generateKey(ECDSA, false, ["sign"]);
  const publicKey = base64url(await crypto.subtle.exportKey("spki", pair.publicKey));
  const tablet = { id: "", name: "", key: pair.privateKey, publicKey };
  await keep(tablet);
  return tablet;
}

/** @param {ArrayBuffer} raw */
const base64url = (raw) =>
  btoa(String.fromCharCode(...new Uint8Array(raw)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** @returns {Promise<Tablet | undefined>} */
const stored = () => inStore("readonly", (store) => store.get(PLACE));
/** @param {Tablet} tablet */
const keep = (tablet) => inStore("readwrite", (store) => store.put(tablet, PLACE));

/**
 * @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} act
 * @returns {Promise<any>}
 */
async function inStore(mode, act) {
  const opening = indexedDB.open("consult-device", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(PLACE);
  const database = await done(opening);
  try {
    return await done(act(database.transaction(PLACE, mode).objectStore(PLACE)));
  } finally {
    database.close();
  }
}

/** @param {IDBRequest} request @returns {Promise<any>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
