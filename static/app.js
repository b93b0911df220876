/** The page: who is signed in, which screen the address names, and how one leads to the next. */

import "./elements/consult-desk.js";
import "./elements/device-claim.js";
import "./elements/device-door.js";
import "./elements/device-enrolment.js";
import "./elements/emergency-notice.js";
import "./elements/enrol-passkey.js";
import "./elements/figures-desk.js";
import "./elements/glass-reviews.js";
import "./elements/patient-choices.js";
import "./elements/patient-outcome.js";
import "./elements/people-desk.js";
import "./elements/recover-account.js";
import "./elements/review-desk.js";
import "./elements/roster-desk.js";
import "./elements/send-photos.js";
import "./elements/sign-in.js";
import "./elements/your-account.js";
import { confirmIdentity } from "./elements/step-up.js";
import { suggestWayBack } from "./elements/way-back.js";
import { listPasskeys } from "./lib/accounts.js";
import * as api from "./lib/api.js";
import { knownTablet } from "./lib/device.js";
import { whenIdle } from "./lib/idle.js";
import { signalAccepted, tellCredentialManager } from "./lib/passkey.js";
import { looksOver, readsFigures, readsRoster, reviewsEmergencies, seesPeople } from "./lib/roles.js";
import { consultPath, isOurs, patientPath, routeOf } from "./lib/routes.js";
import { forgetOutboxes, hasUnsent } from "./lib/sending.js";
import { announce, part, stamp } from "./lib/templates.js";
import { uploads } from "./lib/uploads.js";

/** @typedef {import("./elements/consult-desk.js").ConsultDesk} ConsultDesk */
/** @typedef {import("./elements/device-claim.js").DeviceClaim} DeviceClaim */
/** @typedef {import("./elements/device-door.js").DeviceDoor} DeviceDoor */

const IDLE_ON_A_TABLET = 5 * 60_000; // as long as the service lets such a session be idle

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const header = /** @type {HTMLElement} */ (document.querySelector(".site-header"));

/** @type {api.Session | null} */
let session = null;
let lastUser = "";
/** @type {import("./lib/device.js").Tablet | null} the tablet that this browser is */
let tablet = null;
let stopWatching = () => {};

start();

async function start() {
  window.addEventListener("popstate", () => show());
  window.addEventListener("session-ended", onSessionEnded);
  window.addEventListener("beforeunload", keepUnsent);
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  document.addEventListener("click", followLink);
  document.addEventListener("signed-in", (event) => onSignedIn(/** @type {any} */ (event).detail));
  document.addEventListener("consult-opened", (event) =>
    go(consultPath(/** @type {any} */ (event).detail.id)),
  );
  document.addEventListener("account-wanted", () => go("/account"));
  api.useConfirmation(proveAgain);
  document.addEventListener("tablet-enrolled", onTabletEnrolled);
  document.addEventListener("sign-in-wanted", () => show({ signIn: true }));
  part(header, "sign-out").addEventListener("click", signOut);
  tablet = await knownTablet();
  adopt(await api.getSession().catch(() => null));
  show({ first: true });
}

/** @param {{ first?: boolean, notice?: string, signIn?: boolean }} [how] */
function show({ first = false, notice = "", signIn = false } = {}) {
  const route = routeOf(location.pathname);
  document.body.dataset["screen"] = session ? route.screen : "door";
  if (route.screen === "send") open("send-photos", "Send photos");
  else if (route.screen === "outcome") open("patient-outcome", "How did it go?");
  else if (route.screen === "enrol") open("enrol-passkey", "Set up your passkey");
  else if (route.screen === "recover") open("recover-account", "Get back in");
  else if (route.screen === "device") open("device-enrolment", "Set up this tablet");
  else if (!session && tablet && !signIn) open("device-door", tablet.name, { notice });
  else if (!session) open("sign-in", "Sign in", { notice });
  else if (route.screen === "account") open("your-account", "Your account", session);
  else if (route.screen === "people" && seesPeople(session.user.role)) open("people-desk", "People", session);
  else if (route.screen === "reviews" && looksOver(session.user.role)) open("review-desk", "Reviews", session);
  else if (route.screen === "roster" && readsRoster(session.user.role)) open("roster-desk", "On duty", session);
  else if (route.screen === "figures" && readsFigures(session.user.role)) open("figures-desk", "Figures");
  else if (route.screen === "emergencies" && reviewsEmergencies(session.user.role)) open("glass-reviews", "Emergency access");
  else if (route.screen === "patient") openChoices(route.id, session.user);
  else return desk(session).show(route, { focus: !first });
  if (!first) main.querySelector("h1")?.focus();
}

/** @param {string} patientId @param {api.Session["user"]} user */
function openChoices(patientId, user) {
  const element = /** @type {import("./elements/patient-choices.js").PatientChoices} */ (stamp("patient-choices"));
  main.replaceChildren(Object.assign(element, { patientId, user }));
}

/** @param {string} screen @param {string} title @param {{ notice?: string, user?: api.Session["user"] }} [how] */
function open(screen, title, { notice, user } = {}) {
  const element = stamp(screen);
  if (tablet && screen === "device-door") /** @type {DeviceDoor} */ (element).name = tablet.name;
  if (notice) part(element, "notice").textContent = notice;
  if (user) Object.assign(element, { user });
  main.replaceChildren(element);
  document.title = `${title} · Consult`;
}

/** @param {api.Session} session @returns {ConsultDesk} */
function desk({ user, device_id }) {
  const there = /** @type {ConsultDesk | null} */ (main.querySelector("consult-desk"));
  if (there) return there;
  const fresh = /** @type {ConsultDesk} */ (stamp("consult-desk"));
  fresh.user = user;
  main.replaceChildren(fresh);
  const claim = /** @type {DeviceClaim} */ (fresh.querySelector("device-claim"));
  if (device_id && user.role === "ems") claim.offer();
  return fresh;
}

/** @param {string} path */
function go(path) {
  if (path !== location.pathname) history.pushState(null, "", path);
  show();
}

/** Links inside the page change the screen without loading it anew. @param {MouseEvent} event */
function followLink(event) {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  const href = link?.getAttribute("href") ?? "";
  if (!plain || event.defaultPrevented || link?.hasAttribute("download")) return;
  if (!isOurs(href)) return;
  event.preventDefault();
  go(href);
}

/** @param {api.Session | null} next */
function adopt(next) {
  if (next && next.user.id !== session?.user.id) uploads.sendAs("held");
  session = next;
  if (next && lastUser && next.user.id !== lastUser) forgetOutboxes();
  lastUser = next?.user.id ?? lastUser;
  api.useCsrfToken(next?.csrf_token ?? "");
  part(header, "who").hidden = !next;
  part(header, "name").textContent = next?.user.name ?? "";
  part(header, "people").hidden = !(next && seesPeople(next.user.role));
  part(header, "worklist").hidden = !(next && looksOver(next.user.role));
  part(header, "roster").hidden = !(next && readsRoster(next.user.role));
  part(header, "figures").hidden = !(next && readsFigures(next.user.role));
  part(header, "reviews").hidden = !(next && reviewsEmergencies(next.user.role));
  part(header, "choices").hidden = next?.user.role !== "patient";
  part(header, "choices", HTMLAnchorElement).href = patientPath(next?.user.id ?? "");
  part(header, "sign-out").textContent = next?.device_id ? "End shift" : "Sign out";
  stopWatching();
  if (next?.device_id) stopWatching = whenIdle(IDLE_ON_A_TABLET, leaveIdle);
}

/** @param {api.Session} next */
function onSignedIn(next) {
  const { screen } = routeOf(location.pathname);
  main.replaceChildren();
  adopt(next);
  if (screen === "enrol") history.replaceState(null, "", "/");
  if (screen === "recover") history.replaceState(null, "", "/account");
  show();
  if (screen === "enrol") suggestWayBack();
  syncCredentialManager(next.user);
}

/** It may offer passkeys that were removed elsewhere. @param {api.Session["user"]} user */
async function syncCredentialManager(user) {
  try {
    await tellCredentialManager(await listPasskeys({ announce: false }), user);
  } catch (error) {
    if (!(error instanceof api.ApiError || error instanceof DOMException)) throw error; // next time
  }
}

/** What was asked for needs the passkey touched anew. The session has another guard afterwards. */
async function proveAgain() {
  const next = await confirmIdentity();
  if (next) adopt(next);
  return Boolean(next);
}

async function onTabletEnrolled() {
  tablet = await knownTablet();
  history.replaceState(null, "", "/");
  show();
}

/** The session is over, or this browser has signed in anew elsewhere: see which. */
async function onSessionEnded() {
  if (!session) return;
  const current = await api.getSession().catch(() => null);
  if (!session) return; // signed out on purpose in between
  if (current?.user.id === session.user.id) return adopt(current);
  main.replaceChildren();
  if (current) {
    adopt(current);
    return show();
  }
  const kept = hasUnsent() ? " What you wrote is still here." : "";
  adopt(null);
  show({ notice: `You were signed out to keep this safe.${kept} Sign in to go on.` });
}

async function signOut() {
  if (hasUnsent() && !confirm("Something is not sent yet. Sign out and lose it?")) return;
  try {
    await leave();
  } catch (error) {
    if (!(error instanceof api.ApiError && error.status === 401)) return announce(String(error));
  }
  forgetOutboxes();
  adopt(null);
  history.replaceState(null, "", "/");
  show({ notice: "You are signed out." });
}

/** Nobody is at the tablet any more, and its screen must not tell on. */
async function leaveIdle() {
  await leave().catch(() => null); // out of reach, or over already: the screen goes dark all the same
  adopt(null);
  show({ notice: "You were signed out because nobody was here. Sign in to go on." });
}

async function leave() {
  if (session?.device_id) await signalAccepted(await api.endShift());
  else await api.endSession();
}

/** @param {BeforeUnloadEvent} event */
function keepUnsent(event) {
  if (hasUnsent() || uploads.waiting) event.preventDefault();
}
