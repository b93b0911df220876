import "./consent-choices.js";
import "./patient-proxies.js";
import { ofPatient } from "../lib/consents.js";
import { wordsFor } from "../lib/passkey.js";
import { listPeople } from "../lib/people.js";
import { actingFor } from "../lib/proxies.js";
import { patientPath } from "../lib/routes.js";
import { fill, part, stamp } from "../lib/templates.js";

/** What a patient agrees to, and who speaks for them. */
export class PatientChoices extends HTMLElement {
  patientId = "";
  /** @type {import("../lib/api.js").Session["user"]} set before it is shown */
  user = { id: "", name: "", email: null, role: "patient" };

  connectedCallback() {
    this.#load().catch((error) => fill(this, { problem: wordsFor(error) ?? "" }));
  }

  async #load() {
    const people = await this.#patients();
    const patient = people.find(({ id }) => id === this.patientId);
    const own = this.patientId === this.user.id;
    if (this.user.role === "patient" && people.length > 1) this.#offer(people);
    fill(this, { title: own ? "Your choices" : `Choices for ${patient?.name ?? "this patient"}` });
    document.title = `${part(this, "title").textContent} · Consult`;
    const proxies = /** @type {import("./patient-proxies.js").PatientProxies} */ (this.querySelector("patient-proxies"));
    proxies.show(this.patientId, this.user);
    const choices = /** @type {import("./consent-choices.js").ConsentChoices} */ (this.querySelector("consent-choices"));
    choices.show(ofPatient(this.patientId), { clinician: this.user.role !== "patient", own });
  }

  /** @returns {Promise<{ id: string, name: string }[]>} */
  async #patients() {
    if (this.user.role !== "patient") return listPeople();
    const { items } = await actingFor();
    return [this.user, ...items.map(({ patient }) => patient)];
  }

  /** @param {{ id: string, name: string }[]} people */
  #offer(people) {
    const links = people.map(({ id, name }) => {
      const link = /** @type {HTMLAnchorElement} */ (stamp("whom-link"));
      link.href = patientPath(id);
      link.textContent = id === this.user.id ? "You" : name;
      link.ariaCurrent = id === this.patientId ? "page" : null;
      return link;
    });
    part(this, "whom").replaceChildren(...links);
    part(this, "whom").hidden = false;
  }
}

customElements.define("patient-choices", PatientChoices);
