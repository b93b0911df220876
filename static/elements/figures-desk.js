import { byService, daysBetween, getFigures, lastDays, listServices, MEASURES, partnerWords, spanWords, tablePath } from "../lib/figures.js";
import { wordsFor } from "../lib/passkey.js";
import { announce, fill, part, stamp } from "../lib/templates.js";
import { figuresChart } from "./figures-chart.js";

/** @typedef {import("../lib/figures.js").Figure} Figure */
/** @typedef {import("../lib/figures.js").Measure} Measure */

const OWN_SPAN = "own";

/** How long answers take, by service and partner, over a span of time: as a table and drawn. */
class FiguresDesk extends HTMLElement {
  /** @type {Figure[]} */
  #items = [];
  #asked = 0;

  connectedCallback() {
    part(this, "measure").append(...Object.entries(MEASURES).map(([measure, words]) => new Option(words, measure)));
    this.#select("measure").value = "answered";
    const today = new Date().toLocaleDateString("sv"); // as a field of a date writes it
    for (const name of ["first", "last"]) part(this, name, HTMLInputElement).value = today;
    part(this, "measure").addEventListener("change", () => this.#show());
    for (const name of ["span", "service", "first", "last"]) part(this, name).addEventListener("change", () => this.#load());
    this.#offerServices();
    this.#load();
  }

  async #offerServices() {
    await this.#attempt(async () => {
      const { items } = await listServices();
      part(this, "service").append(...items.map(({ id, name }) => new Option(name, id)));
    });
  }

  async #load() {
    const own = this.#select("span").value === OWN_SPAN;
    part(this, "own").hidden = !own;
    const [first, last] = ["first", "last"].map((name) => part(this, name, HTMLInputElement).value);
    if (own && !(first && last && first <= last)) return fill(this, { problem: "The first day must not be after the last." });
    const time = own && first && last ? daysBetween(first, last) : lastDays(Number(this.#select("span").value), new Date());
    const span = { ...time, service_id: this.#select("service").value };
    part(this, "table-file", HTMLAnchorElement).href = tablePath(span);
    const turn = ++this.#asked;
    await this.#attempt(async () => {
      const { items } = await getFigures(span);
      if (turn !== this.#asked) return; // another span was chosen meanwhile
      this.#items = items;
      this.#show();
    });
    this.ariaBusy = "false";
  }

  #show() {
    const measure = /** @type {Measure} */ (this.#select("measure").value);
    const services = [...byService(this.#items, measure)];
    const sections = services.map(([service, figures]) => serviceSection(service, figures, MEASURES[measure]));
    part(this, "services").replaceChildren(...sections);
    part(this, "nothing").hidden = services.length > 0;
    announce(services.length ? "The figures are shown." : "Nothing was sent in this time.");
  }

  /** @param {() => Promise<void>} work */
  async #attempt(work) {
    try {
      fill(this, { problem: "" });
      await work();
    } catch (error) {
      fill(this, { problem: wordsFor(error) ?? "" });
    }
  }

  /** @param {string} name */
  #select(name) {
    return part(this, name, HTMLSelectElement);
  }
}

/** @param {string} service @param {Figure[]} figures @param {string} measure */
function serviceSection(service, figures, measure) {
  const section = stamp("figures-service");
  const caption = `${service}: from sent to ${measure.toLowerCase()}`;
  fill(section, { title: service, caption });
  part(section, "rows").replaceChildren(...figures.map(figureRow));
  part(section, "chart").replaceChildren(figuresChart(figures, caption));
  return section;
}

/** @param {Figure} figure */
function figureRow({ partner, consults, reached, p50, p90, p99 }) {
  const row = stamp("figure-row");
  row.classList.toggle("sum", partner === null);
  fill(row, {
    partner: partnerWords(partner),
    consults: String(consults),
    reached: String(reached),
    p50: spanWords(p50),
    p90: spanWords(p90),
    p99: spanWords(p99),
  });
  return row;
}

customElements.define("figures-desk", FiguresDesk);
