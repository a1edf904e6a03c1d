// Inventing somebody: a name, and a few items that they like, found by a search.

import { call } from "./api.js";
import { announce, at, h, open } from "./dom.js";
import { learn, picture } from "./items.js";
import { invent } from "./person.js";
import { count, titleOf } from "./words.js";

/** @typedef {import("./api.js").Card} Card */

const [FOUND, MOST, PAUSE] = [12, 12, 350];

/** @type {Map<string, Card>} */
const picked = new Map();
/** @type {Card[]} */
let found = [];
/** @type {AbortController | null} */
let searching = null;
let timer = 0;

export function begin() {
  at("inventing-search").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  at("inventing-search").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter") return;
    // Enter looks; it does not finish.
    event.preventDefault();
    clearTimeout(timer);
    look();
  });
  at("inventing-name").addEventListener("input", name);
  at("inventing-form").addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!picked.size) return;
    try {
      await invent(nameNow(), [...picked.values()]);
      at("inventing").close();
      announce(`Shopping as ${nameNow()}. ${count(picked.size, "item")} in the history.`);
    } catch (problem) {
      at("inventing-note").textContent = problem.message;
    }
  });
}

/** Open the dialog, empty. */
export function start() {
  picked.clear();
  found = [];
  at("inventing-name").value = "";
  at("inventing-search").value = "";
  at("inventing-note").textContent = "Pick two or more, the ones they would buy.";
  draw();
  open(at("inventing"));
}

const nameNow = () => at("inventing-name").value.trim() || "Robin";

async function look() {
  const text = at("inventing-search").value.trim();
  searching?.abort();
  if (!text) return;
  searching = new AbortController();
  const mine = searching;
  at("inventing-note").textContent = "Searching …";
  try {
    found = (await call("/v1/search", { text, k: FOUND }, mine.signal)).items;
    learn(found);
    at("inventing-note").textContent = found.length ? "Pick what they like." : "Nothing is like that. Try other words.";
    draw();
  } catch (problem) {
    if (!mine.signal.aborted) at("inventing-note").textContent = problem.message;
  }
}

/** @param {Card} item */
function toggle(item) {
  if (!picked.delete(item.item_id) && picked.size < MOST) picked.set(item.item_id, item);
  for (const button of at("inventing-found").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(picked.has(button.dataset.item)));
  }
  drawPicked();
}

function draw() {
  at("inventing-found").replaceChildren(...found.map((item) => h("li", {}, h("button", {
    type: "button", class: "pick", "data-item": item.item_id, "aria-pressed": String(picked.has(item.item_id)), onclick: () => toggle(item),
  }, picture(item), h("span", {}, titleOf(item))))));
  drawPicked();
}

function drawPicked() {
  at("inventing-picked").replaceChildren(...[...picked.values()].map((item) => h("li", {}, h("button", {
    type: "button", class: "thumb", title: `Remove ${titleOf(item)}`, "aria-label": `Remove ${titleOf(item)}`, onclick: () => toggle(item),
  }, picture(item)))));
  at("inventing-done").disabled = !picked.size;
  name();
}

function name() {
  at("inventing-done").textContent = `Shop as ${nameNow()}`;
}
