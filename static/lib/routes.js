/** Addresses of the page. Pure. */

const CONSULT = /^\/consults\/([0-9a-f-]{36})$/;

/** @type {Record<string, "enrol" | "recover" | "account" | "people">} */
const SCREENS = { "/enrol": "enrol", "/recover": "recover", "/account": "account", "/people": "people" };

/**
 * @param {string} path
 * @returns {{ screen: "list" | "enrol" | "recover" | "account" | "people" }
 *   | { screen: "consult", id: string }}
 */
export function routeOf(path) {
  const screen = Object.hasOwn(SCREENS, path) ? SCREENS[path] : undefined;
  if (screen) return { screen };
  const id = CONSULT.exec(path)?.[1];
  return id ? { screen: "consult", id } : { screen: "list" };
}

/** Does the page show this address itself, without being loaded anew? @param {string} path */
export const isOurs = (path) => path === "/" || routeOf(path).screen !== "list";

/** @param {string} id */
export const consultPath = (id) => `/consults/${id}`;

/**
 * The token of a link lives in the fragment, which browsers never send to a server.
 * @param {string} fragment
 */
export const tokenOf = (fragment) => new URLSearchParams(fragment.replace(/^#/, "")).get("t");
