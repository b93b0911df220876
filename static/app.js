/** The page: who is signed in, which screen the address names, and how one leads to the next. */

import "./elements/consult-desk.js";
import "./elements/emergency-notice.js";
import "./elements/enrol-passkey.js";
import "./elements/sign-in.js";
import * as api from "./lib/api.js";
import { consultPath, routeOf } from "./lib/routes.js";
import { forgetOutboxes, hasUnsent } from "./lib/sending.js";
import { announce, part, stamp } from "./lib/templates.js";

/** @typedef {import("./elements/consult-desk.js").ConsultDesk} ConsultDesk */
/** @typedef {import("./elements/sign-in.js").SignIn} SignIn */

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const header = /** @type {HTMLElement} */ (document.querySelector(".site-header"));

/** @type {api.Session | null} */
let session = null;
let lastUser = "";

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
  part(header, "sign-out").addEventListener("click", signOut);
  adopt(await api.getSession().catch(() => null));
  show({ first: true });
}

/** @param {{ first?: boolean, notice?: string }} [how] */
function show({ first = false, notice = "" } = {}) {
  const route = routeOf(location.pathname);
  document.body.dataset["screen"] = session ? route.screen : "door";
  if (route.screen === "enrol") open("enrol-passkey", "Set up your passkey");
  else if (session) return desk(session).show(route, { focus: !first });
  else open("sign-in", "Sign in", notice);
  if (!first) main.querySelector("h1")?.focus();
}

/** @param {string} screen @param {string} title @param {string} [notice] */
function open(screen, title, notice) {
  const element = stamp(screen);
  if (notice) part(element, "notice").textContent = notice;
  main.replaceChildren(element);
  document.title = `${title} · Consult`;
}

/** @param {api.Session} session @returns {ConsultDesk} */
function desk({ user }) {
  const there = /** @type {ConsultDesk | null} */ (main.querySelector("consult-desk"));
  if (there) return there;
  const fresh = /** @type {ConsultDesk} */ (stamp("consult-desk"));
  fresh.user = user;
  main.replaceChildren(fresh);
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
  if (href !== "/" && !href.startsWith("/consults/")) return;
  event.preventDefault();
  go(href);
}

/** @param {api.Session | null} next */
function adopt(next) {
  session = next;
  if (next && lastUser && next.user.id !== lastUser) forgetOutboxes();
  lastUser = next?.user.id ?? lastUser;
  api.useCsrfToken(next?.csrf_token ?? "");
  part(header, "who").hidden = !next;
  part(header, "name").textContent = next?.user.name ?? "";
}

/** @param {api.Session} next */
function onSignedIn(next) {
  main.replaceChildren();
  adopt(next);
  if (routeOf(location.pathname).screen === "enrol") history.replaceState(null, "", "/");
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
    await api.endSession();
  } catch (error) {
    if (!(error instanceof api.ApiError && error.status === 401)) return announce(String(error));
  }
  forgetOutboxes();
  adopt(null);
  history.replaceState(null, "", "/");
  show({ notice: "You are signed out." });
}

/** @param {BeforeUnloadEvent} event */
function keepUnsent(event) {
  if (hasUnsent()) event.preventDefault();
}
