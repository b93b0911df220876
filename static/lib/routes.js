/** Addresses of the page. Pure. */

const CONSULT = /^\/consults\/([0-9a-f-]{36})$/;

/**
 * @param {string} path
 * @returns {{ screen: "list" | "enrol" | "device" } | { screen: "consult", id: string }}
 */
export function routeOf(path) {
  if (path === "/enrol") return { screen: "enrol" };
  if (path === "/device") return { screen: "device" };
  const id = CONSULT.exec(path)?.[1];
  return id ? { screen: "consult", id } : { screen: "list" };
}

/** @param {string} id */
export const consultPath = (id) => `/consults/${id}`;

/**
 * The invitation's token lives in the fragment, which browsers never send to a server.
 * @param {string} fragment
 */
export const tokenOf = (fragment) => new URLSearchParams(fragment.replace(/^#/, "")).get("t");
