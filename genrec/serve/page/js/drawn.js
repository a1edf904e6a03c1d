// Items drawn for a person: one picture for every step of a slider from «as it is» to «as I would love it». The place
// stays away unless the server says that it draws.

import { call, request } from "./api.js";
import { announce, at, h } from "./dom.js";
import { lookup, source } from "./items.js";
import { asked, events, person } from "./person.js";
import { titleOf } from "./words.js";

/** @typedef {import("./api.js").Card} Card */
/** @typedef {{url: string, love: number, item_id: string}} Picture */
/** @typedef {{id: string, status: string, progress: number, ahead: number, item_id: string, error: string | null,
 *   pictures: Picture[]}} Job */
/** @typedef {{item: Card, pictures: Picture[], addresses: string[]}} Drawing */

const MODEL = "genrec-imagery";
const LOVE = [0, 0.25, 0.5, 0.75, 1];
const KEPT = 8;
const LOOK_AGAIN = 300; // milliseconds

/** @type {Drawing[]} newest first */
let drawings = [];
/** @type {AbortController | null} */
let drawing = null;

/** Whether this server draws. */
export const draws = () => !at("drawn").hidden;

/** Show the place where the server lists the model of imagery. */
export async function begin() {
  const { data } = await call("/v1/models");
  at("drawn").hidden = !data.some((/** @type {{id: string}} */ one) => one.id === MODEL);
  at("drawn-next").addEventListener("click", () => draw(null));
  at("drawn-stop").addEventListener("click", () => drawing?.abort());
  at("drawn-love").addEventListener("input", shown);
  events.addEventListener("change", () => {
    drawing?.abort();
    drawings = [];
    show();
  });
  show();
}

/** Have an item drawn for the person; null: what comes next for them. @param {Card | null} item */
export async function draw(item) {
  drawing?.abort();
  const mine = drawing = new AbortController();
  const { user, history } = asked();
  const known = person.history.length > 0;
  busy(0, item ? `Drawing “${titleOf(item)}” …` : "Drawing what comes next …");
  try {
    /** @type {Job} */
    let job = await call("/v1/imagery", { user, history, item_id: item?.item_id ?? null, love: known ? LOVE : [0] });
    const stop = () => request(`/v1/imagery/${job.id}`, { method: "DELETE" }).catch(() => {});
    mine.signal.addEventListener("abort", stop, { once: true });
    while (job.status === "queued" || job.status === "drawing") {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
      if (mine.signal.aborted) return;
      job = await call(`/v1/imagery/${job.id}`);
      busy(job.progress);
    }
    if (mine.signal.aborted) return;
    if (job.status !== "done") throw new Error(job.error ?? "The picture was not drawn.");
    const [card, addresses] = await Promise.all([lookup(job.item_id), Promise.all(job.pictures.map((one) => source(one.url)))]);
    if (mine.signal.aborted || !card) return;
    drawings = [{ item: card, pictures: job.pictures, addresses }, ...drawings].slice(0, KEPT);
    at("drawn-love").value = String(Math.floor(job.pictures.length / 2));
    show();
    announce(`Drawn for you: ${titleOf(card)}`);
  } catch (problem) {
    if (!mine.signal.aborted) show(/** @type {Error} */ (problem).message);
  } finally {
    if (mine.signal.aborted && drawing === mine) show();
    if (drawing === mine) drawing = null;
  }
}

/** @param {number} share @param {string} [note] */
function busy(share, note) {
  at("drawn-progress").hidden = at("drawn-stop").hidden = false;
  at("drawn-next").hidden = true;
  at("drawn-progress").value = share;
  if (note) at("drawn-note").textContent = note;
}

/** The newest drawing, and the others below it. @param {string} [problem] */
function show(problem) {
  at("drawn-progress").hidden = at("drawn-stop").hidden = true;
  at("drawn-next").hidden = false;
  const [newest, ...others] = drawings;
  at("drawn-now").hidden = !newest;
  at("drawn-note").textContent = problem ?? (newest ? "" : "Nothing has been drawn yet.");
  at("drawn-items").replaceChildren(...others.map((one) => {
    const middle = one.addresses[Math.floor(one.addresses.length / 2)];
    const face = h("img", { src: middle, alt: titleOf(one.item), draggable: "false" });
    const again = () => {
      drawings = [one, ...drawings.filter((other) => other !== one)];
      show();
    };
    return h("li", {}, h("button", { type: "button", class: "tile", "aria-label": `Show ${titleOf(one.item)} again`, onclick: again }, face));
  }));
  if (newest) shown();
}

/** The picture at the slider. */
function shown() {
  const [newest] = drawings;
  if (!newest) return;
  const slider = at("drawn-love");
  slider.max = String(newest.pictures.length - 1);
  at("drawn-slider").hidden = newest.pictures.length < 2;
  const step = Math.min(Number(slider.value), newest.pictures.length - 1);
  const love = newest.pictures[step].love;
  slider.setAttribute("aria-valuetext", love === 0 ? "as it is" : love === 1 ? "as I would love it" : `${Math.round(100 * love)} %`);
  at("drawn-picture").src = newest.addresses[step];
  at("drawn-picture").alt = `Generated picture of ${titleOf(newest.item)}, ${slider.getAttribute("aria-valuetext")}`;
  at("drawn-title-of").textContent = titleOf(newest.item);
}
