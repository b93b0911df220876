/** Addresses of the page. Pure. */

const CONSULT = /^\/consults\/([0-9a-f-]{36})$/;

const PATIENT = /^\/patients\/([0-9a-f-]{36})$/;

/** @typedef {"enrol" | "device" | "recover" | "account" | "people" | "reviews" | "emergencies" | "figures" | "roster" | "send" | "outcome"} Named */
/** @type {Record<string, Named>} */
const SCREENS = { "/enrol": "enrol", "/device": "device", "/recover": "recover", "/account": "account", "/people": "people", "/reviews": "reviews", "/emergencies": "emergencies", "/figures": "figures", "/roster": "roster", "/send": "send", "/outcome": "outcome" };

/**
 * @param {string} path
 * @returns {{ screen: "list" | Named } | { screen: "consult" | "patient", id: string }}
 */
export function routeOf(path) {
  const screen = Object.hasOwn(SCREENS, path) ? SCREENS[path] : undefined;
  if (screen) return { screen };
  const patient = PATIENT.exec(path)?.[1];
  if (patient) return { screen: "patient", id: patient };
  const id = CONSULT.exec(path)?.[1];
  return id ? { screen: "consult", id } : { screen: "list" };
}

/** Does the page show this address itself, without being loaded anew? @param {string} path */
export const isOurs = (path) => path === "/" || routeOf(path).screen !== "list";

/** @param {string} id */
export const consultPath = (id) => `/consults/${id}`;

/** @param {string} id */
export const patientPath = (id) => `/patients/${id}`;

/**
 * The token of a link lives in the fragment, which browsers never send to a server.
 * @param {string} fragment
 */
export const tokenOf = (fragment) => new URLSearchParams(fragment.replace(/^#/, "")).get("t");
