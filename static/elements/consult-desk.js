import "./consult-list.js";
import "./device-claim.js";
import { hasConsults } from "../lib/roles.js";
import { isLoaded } from "../lib/screens.js";
import { part, stamp } from "../lib/templates.js";

/** @typedef {import("./consult-list.js").ConsultList} ConsultList */
/** @typedef {import("./consult-view.js").ConsultView} ConsultView */
/** @typedef {{ id: string, name: string, role: import("../lib/api.js").Role }} User */

/** The list of my consults, and beside it (or, on a phone, instead of it) the chosen one. */
export class ConsultDesk extends HTMLElement {
  /** @type {User} set before it is shown */
  user = { id: "", name: "", role: "patient" };

  connectedCallback() {
    this.#list.user = this.user;
    this.addEventListener("consult-changed", () => this.#list.refresh());
    this.addEventListener("access-changed", () => {
      this.#list.refresh();
      this.#showConsult(this.#list.chosen, true);
    });
  }

  /** @param {ReturnType<typeof import("../lib/routes.js").routeOf>} route @param {{ focus: boolean }} how */
  show(route, { focus }) {
    const chosen = route.screen === "consult" ? route.id : "";
    this.#list.chosen = chosen;
    if (hasConsults(this.user.role)) this.#list.refresh();
    if (chosen) return this.#showConsult(chosen, focus);
    document.title = "My consults · Consult";
    part(this, "pane").replaceChildren(stamp("nothing-chosen"));
    if (focus) part(this.#list, "heading").focus();
  }

  /** @param {string} id @param {boolean} focus */
  async #showConsult(id, focus) {
    if (!(await isLoaded("consult-view", part(this, "pane")))) return;
    if (this.#list.chosen !== id) return; // another was chosen meanwhile
    const view = /** @type {ConsultView} */ (stamp("consult-view"));
    view.consultId = id;
    view.user = this.user;
    view.takesFocus = focus;
    part(this, "pane").replaceChildren(view);
  }

  get #list() {
    return /** @type {ConsultList} */ (this.querySelector("consult-list"));
  }
}

customElements.define("consult-desk", ConsultDesk);
