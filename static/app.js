/** The page: who is signed in, which screen the address names, and how one leads to the next. */

import "./elements/emergency-notice.js";
import { confirmIdentity } from "./elements/step-up.js";
import { listPasskeys } from "./lib/accounts.js";
import * as api from "./lib/api.js";
import { knownTablet } from "./lib/device.js";
import { whenIdle } from "./lib/idle.js";
import { signalAccepted, tellCredentialManager } from "./lib/passkey.js";
import { looksOver, readsFigures, readsRoster, reviewsEmergencies, seesPeople } from "./lib/roles.js";
import { consultPath, isOurs, patientPath, routeOf } from "./lib/routes.js";
import { forgetOutboxes, hasUnsent } from "./lib/sending.js";
import { isLoaded } from "./lib/screens.js";
import { announce, part, stamp } from "./lib/templates.js";
import { uploads } from "./lib/uploads.js";

/** @typedef {import("./elements/consult-desk.js").ConsultDesk} ConsultDesk */
/** @typedef {import("./elements/device-claim.js").DeviceClaim} DeviceClaim */
/** @typedef {import("./elements/device-door.js").DeviceDoor} DeviceDoor */

const IDLE_ON_A_TABLET = 5 * 60_000; // as long as the service lets such a session be idle

/** @type {Record<string, [screen: string, title: string]>} open to everybody, signed in or not */
const DOORS = {
  send: ["send-photos", "Send photos"],
  outcome: ["patient-outcome", "How did it go?"],
  enrol: ["enrol-passkey", "Set up your passkey"],
  recover: ["recover-account", "Get back in"],
  device: ["device-enrolment", "Set up this tablet"],
};
/** @type {Record<string, { shows: [screen: string, title: string], mayEnter: (role: api.Role) => boolean }>} */
const ROOMS = {
  account: { shows: ["your-account", "Your account"], mayEnter: () => true },
  patient: { shows: ["patient-choices", "Your choices"], mayEnter: () => true },
  people: { shows: ["people-desk", "People"], mayEnter: seesPeople },
  reviews: { shows: ["review-desk", "Reviews"], mayEnter: looksOver },
  roster: { shows: ["roster-desk", "On duty"], mayEnter: readsRoster },
  figures: { shows: ["figures-desk", "Figures"], mayEnter: readsFigures },
  emergencies: { shows: ["glass-reviews", "Emergency access"], mayEnter: reviewsEmergencies },
};

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const header = /** @type {HTMLElement} */ (document.querySelector(".site-header"));

/** @type {api.Session | null} */
let session = null;
let lastUser = "";
/** @type {import("./lib/device.js").Tablet | null} the tablet that this browser is */
let tablet = null;
let stopWatching = () => {};
/** What is being shown: a screen that was asked for later wins. */
let showing = Symbol();

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
async function show({ first = false, notice = "", signIn = false } = {}) {
  const route = routeOf(location.pathname);
  document.body.dataset["screen"] = session ? route.screen : "door";
  const [screen, title] = screenOf(route, signIn);
  const wanted = (showing = Symbol(screen));
  if (!(await isLoaded(screen, main)) || showing !== wanted) return; // somebody went on meanwhile
  if (screen === "consult-desk" && session) return desk(session).show(route, { focus: !first });
  open(screen, title, { notice, ...session, patientId: route.screen === "patient" ? route.id : "" });
  if (!first) main.querySelector("h1")?.focus();
}

/**
 * The element that shows a route to whoever is here, and its title.
 * @param {ReturnType<typeof routeOf>} route @param {boolean} signIn rather than the tablet's own door
 * @returns {[screen: string, title: string]}
 */
function screenOf({ screen }, signIn) {
  const door = DOORS[screen];
  if (door) return door;
  if (!session) return tablet && !signIn ? ["device-door", tablet.name] : ["sign-in", "Sign in"];
  const room = ROOMS[screen];
  return room?.mayEnter(session.user.role) ? room.shows : ["consult-desk", ""];
}

/**
 * @param {string} screen @param {string} title
 * @param {{ notice: string, user?: api.Session["user"], patientId: string }} how
 */
function open(screen, title, { notice, user, patientId }) {
  const element = stamp(screen);
  if (tablet && screen === "device-door") /** @type {DeviceDoor} */ (element).name = tablet.name;
  if (notice && (screen === "sign-in" || screen === "device-door")) part(element, "notice").textContent = notice;
  main.replaceChildren(Object.assign(element, user && { user }, patientId && { patientId }));
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
  if (screen === "enrol") import("./elements/way-back.js").then(({ suggestWayBack }) => suggestWayBack());
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
