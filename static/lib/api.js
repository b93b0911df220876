/**
 * The HTTP API as functions: one per call, each answering with the wire's own JSON.
 *
 * Every refusal becomes an `ApiError` whose `detail` is written for the person at the screen.
 * One that means that the session is over, or another than this page knows, also fires
 * `session-ended` on `window`, so that one place can ask to sign in again. One that asks for
 * the passkey once more is dealt with here: the request is made again after it was touched.
 *
 * @typedef {"patient" | "ems" | "specialist" | "coordinator" | "admin" | "device" | "link"} Role
 * @typedef {{ id: string, name: string, role: Role }} Person
 * @typedef {{ user: { id: string, name: string, email: string | null, role: Role },
 *   csrf_token: string, created_at: string, idle_expires_at: string, expires_at: string,
 *   fresh_until: string | null, device_id: string | null }} Session
 * @typedef {"emergency" | "follow_up" | "second_opinion" | "pre_visit" | "prior_imaging"} Kind
 * @typedef {"routine" | "urgent" | "asap" | "stat"} Urgency
 * @typedef {import("./states.js").State} State
 * @typedef {"everyone" | "clinicians"} Audience
 * @typedef {"none" | "subject" | "proxy" | "member" | "guest" | "inbox"} Relation what I am to a consult
 * @typedef {{ id: string, kind: Kind, urgency: Urgency, state: State, reason: string,
 *   patient: { id: string, name: string } | null, relation: Relation,
 *   consent: import("./consents.js").Standing, consent_overdue: boolean, opened_by: Person, claimed_by: Person | null, joined: boolean, unread: number,
 *   priority: "red" | "orange" | "yellow" | "green", owner: import("./states.js").Owner | null,
 *   service: { id: string, name: string, telephone: string }, due_at: string | null, overdue: boolean,
 *   possible: import("./steps.js").Step[], clock: import("./clock.js").Clock,
 *   emergency: import("./clock.js").Emergency | null,
 *   last_seq: number, photo_count: number, created_at: string, updated_at: string }} Consult
 * @typedef {Consult & { last_event: number, people: Person[], photos: Photo[],
 *   guests: import("./guests.js").Guest[], emergency_until: string | null,
 *   outcome_at: string | null, pages: import("./clock.js").Page[], unreachable: Person[] }} OpenConsult
 * @typedef {{ id: string, consult_id: string, width: number, height: number,
 *   captured_at: string | null, captured_offset: string | null, body_site: string | null,
 *   laterality: string | null, view: string | null, note: string, device_make: string | null,
 *   device_model: string | null, lossless: boolean, orientation_uncertain: boolean, sha256: string,
 *   quality: { advice: string | null }, scrub_summary: string, created_at: string,
 *   created_by: Person, on_behalf_of: { id: string, name: string } | null, claimed_by: Person | null, turned_from: string | null, replaced_by: string | null,
 *   verdict: "accepted" | "rejected" | null, rejected_for: import("./link.js").Reason | null, retake_of: string | null,
 *   turned_by: Person | null }} Photo
 * @typedef {{ id: string, consult_id: string, seq: number, body: string, photo_ids: string[],
 *   audience: Audience, author: Person, on_behalf_of: { id: string, name: string } | null,
 *   created_at: string }} Message
 * @typedef {{ found: { kind: string, count: number, bytes: number }[], removed_bytes: number,
 *   kept: Record<string, string | number>, lossless: boolean, steps: string[],
 *   sha256_before: string, sha256_after: string }} Certificate
 * @typedef {{ device_id: string, name: string, csrf_token: string, expires_at: string }} DeviceSession
 * @typedef {{ device: Person, consults: string[], photos: number }} SentByTablet
 */

const OUT_OF_REACH =
  "We can’t reach Consult right now. Check your connection and try again. Nothing is lost.";
const STEP_UP = "step_up_required";
const BROKEN = "Something went wrong on our side. Wait a moment and try again.";

export class ApiError extends Error {
  /**
   * @param {number} status 0 when no answer came
   * @param {string} code stable, made for programs
   * @param {string} detail one plain sentence or two
   * @param {Record<string, string>} [faults] by field, when the fields are what is wrong
   */
  constructor(status, code, detail, faults = {}) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.faults = faults;
  }
}

let csrfToken = "";

/** @param {string} token from the session; sent with every unsafe request */
export function useCsrfToken(token) {
  csrfToken = token;
}

/** @type {() => Promise<boolean>} */
let confirmIdentity = async () => false;

/** @param {() => Promise<boolean>} confirm asks for the passkey; false when the person would rather not */
export function useConfirmation(confirm) {
  confirmIdentity = confirm;
}

/** @returns {Promise<Session>} throws a 401 ApiError when nobody is signed in */
export const getSession = () => request("GET", "/api/session", { announce: false });
export const endSession = () => request("DELETE", "/api/session");
/** @returns {Promise<{ rp_id: string, user_handle: string, credential_ids: string[] }>} */
export const endShift = () => request("POST", "/api/session/end-shift");

/** @returns {Promise<{ challenge: string }>} */
export const deviceChallenge = () => request("POST", "/api/devices/challenge", { body: {}, announce: false });
/** @param {{ token: string, public_key: string, challenge: string, signature: string }} enrolment
 * @returns {Promise<DeviceSession>} */
export const enrolDevice = (enrolment) =>
  request("POST", "/api/devices/enrolment", { body: enrolment, announce: false });
/** @param {{ device_id: string, challenge: string, signature: string }} proof
 * @returns {Promise<DeviceSession>} */
export const proveDevice = (proof) =>
  request("POST", "/api/devices/session", { body: proof, announce: false });
/** @returns {Promise<SentByTablet>} */
export const getUploads = () => request("GET", "/api/uploads");
/** @returns {Promise<SentByTablet>} */
export const claimUploads = () => request("POST", "/api/uploads/claim", { body: {} });

/** @param {string} token of the invitation */
export const registrationOptions = (token) =>
  request("POST", "/api/passkeys/registration/options", { body: { token } });
/** @param {string} token @param {unknown} credential @returns {Promise<Session>} */
export const registerPasskey = (token, credential) =>
  request("POST", "/api/passkeys/registration", { body: { token, credential }, announce: false });
export const authenticationOptions = () =>
  request("POST", "/api/passkeys/authentication/options", { body: {} });
/** @param {unknown} credential @returns {Promise<Session>} */
export const authenticate = (credential) =>
  request("POST", "/api/passkeys/authentication", { body: { credential }, announce: false });

/** @param {string | null} cursor @returns {Promise<{ items: Consult[], next: string | null }>} */
export const listConsults = (cursor = null) =>
  request("GET", `/api/consults?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
/** What is overdue, longest first, however long ago it changed. @returns {Promise<{ items: Consult[] }>} */
export const listLate = () => request("GET", "/api/consults?limit=100&late=true");
/** @param {{ id: string, kind: string, urgency?: string, reason: string, patient_id?: string,
 *   red_flags?: string[] }} consult
 * @returns {Promise<Consult>} */
export const openConsult = (consult) => request("POST", "/api/consults", { body: consult });
/** @param {string} id @returns {Promise<OpenConsult>} */
export const getConsult = (id) => request("GET", `/api/consults/${id}`);
/** @param {string} id @param {number} seq */
export const markRead = (id, seq) => request("PUT", `/api/consults/${id}/read`, { body: { seq } });

/** @param {string} id @param {number} after
 * @returns {Promise<{ items: Message[], last_seq: number }>} */
export const listMessages = (id, after) =>
  request("GET", `/api/consults/${id}/messages?after=${after}&limit=100`);
/** @param {string} id
 * @param {{ id: string, body: string, photo_ids: string[], audience: Audience }} message
 * @returns {Promise<Message>} */
export const putMessage = (id, { id: messageId, ...body }) =>
  request("PUT", `/api/consults/${id}/messages/${messageId}`, { body });

/** @param {string} id @param {{ clockwise: 90 | 180 | 270, id: string }} turn to the photo of that new id
 * @returns {Promise<Photo>} */
export const turnPhoto = (id, turn) => request("POST", `/api/photos/${id}/turn`, { body: turn });
/** @param {string} id @returns {Promise<Certificate>} */
export const getCertificate = (id) => request("GET", `/api/photos/${id}/certificate`);

/**
 * Send one photo as raw bytes. The id was made here, so sending it again is harmless.
 *
 * XMLHttpRequest, because fetch cannot say how much of an upload has left the phone.
 * @param {string} consultId
 * @param {{ id: string, file: Blob, body_site?: string, laterality?: string, view?: string }} photo
 * @param {(share: number) => void} onProgress 0 to 1
 * @returns {Promise<Photo>} for a tablet only a receipt: `id`, `sha256`
 */
export function putPhoto(consultId, { id, file, ...facts }, onProgress) {
  const known = Object.entries(facts).filter(([, value]) => value);
  const query = new URLSearchParams(/** @type {[string, string][]} */ (known)).toString();
  return upload(`/api/consults/${consultId}/photos/${id}${query && `?${query}`}`, file, { onProgress });
}

/**
 * @param {string} path @param {Blob} file
 * @param {{ onProgress: (share: number) => void, headers?: Record<string, string>,
 *   announce?: boolean }} how
 * @returns {Promise<any>}
 */
export function upload(path, file, { onProgress, headers = {}, announce = true }) {
  const xhr = new XMLHttpRequest();
  xhr.open("PUT", path);
  if (csrfToken) xhr.setRequestHeader("X-CSRF-Token", csrfToken);
  for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
  xhr.setRequestHeader("Content-Type", "application/octet-stream"); // the service looks for itself
  xhr.upload.addEventListener("progress", (event) => onProgress(event.loaded / event.total));
  return new Promise((resolve, reject) => {
    xhr.addEventListener("error", () => reject(new ApiError(0, "unreachable", OUT_OF_REACH)));
    xhr.addEventListener("load", () => {
      if (xhr.status < 300) resolve(JSON.parse(xhr.responseText));
      else reject(refusal(xhr.status, xhr.responseText, announce));
    });
    xhr.send(file);
  });
}

/**
 * @param {string} method @param {string} path
 * @param {{ body?: unknown, announce?: boolean, headers?: Record<string, string> }} [options]
 * @returns {Promise<any>}
 */
export async function request(method, path, options) {
  try {
    return await once(method, path, options);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== STEP_UP) throw error;
    if (!(await confirmIdentity())) throw error;
    return once(method, path, options);
  }
}

/** Did the person choose not to touch the passkey again? Then there is nothing to say. @param {unknown} error */
export const isDeclined = (error) => error instanceof ApiError && error.code === STEP_UP;

/**
 * @param {string} method @param {string} path
 * @param {{ body?: unknown, announce?: boolean, headers?: Record<string, string> }} [options]
 * @returns {Promise<any>}
 */
async function once(method, path, { body, announce = true, headers: more = {} } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", ...more };
  if (method !== "GET" && csrfToken) headers["X-CSRF-Token"] = csrfToken;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = body === undefined ? null : JSON.stringify(body);
  const response = await fetch(path, { method, headers, body: sent }).catch(() => {
    throw new ApiError(0, "unreachable", OUT_OF_REACH);
  });
  if (!response.ok) throw refusal(response.status, await response.text(), announce);
  const words = await response.text(); // none for 202 and 204
  return words ? JSON.parse(words) : null;
}

/** @param {number} status @param {string} text @param {boolean} announce */
function refusal(status, text, announce = true) {
  const { code, detail, faults } = problemIn(text);
  if (announce && (status === 401 || code === "csrf_refused")) {
    window.dispatchEvent(new Event("session-ended"));
  }
  return new ApiError(status, code, detail, faults);
}

/** @param {string} text @returns {{ code: string, detail: string, faults: Record<string, string> }} */
function problemIn(text) {
  try {
    const { code = "error", detail = BROKEN, errors = [] } = JSON.parse(text);
    const named = code === "invalid_fields" ? errors : []; // named each; a form of one field needs no more
    const words = named.map((/** @type {any} */ { message }) => message).join(" ");
    const faults = Object.fromEntries(named.map((/** @type {any} */ { field, message }) => [field, message]));
    return { code, detail: words || detail, faults };
  } catch {
    return { code: "error", detail: BROKEN, faults: {} }; // a proxy answered, not Consult
  }
}
