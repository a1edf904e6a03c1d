// What one thinks of an item, and the answer to it. An item may be shown several times; an opinion shows everywhere.

import { announce, h, icon } from "./dom.js";
import { events, feel, feeling } from "./person.js";
import { titleOf } from "./words.js";

/** @typedef {import("./api.js").Card} Card */

const SAID = { like: "Noted – more like this.", dislike: "Noted – you will not see it again." };

/** What became of one's opinion. @param {Card} item */
export function note(item) {
  const told = feeling(item.item_id);
  return h("p", { class: "note", "data-note": item.item_id, hidden: told === null }, told && SAID[told]);
}

/** Like and dislike. @param {Card} item */
export function opinions(item) {
  const title = titleOf(item);
  const told = feeling(item.item_id);
  const button = (/** @type {"like" | "dislike"} */ kind, /** @type {string} */ name, /** @type {string} */ drawn) =>
    h("button", {
      type: "button", class: `round small ${kind}`, "data-control": kind, "data-kind": kind, "data-of": item.item_id,
      "aria-pressed": String(told === kind), "aria-label": `${name}: ${title}`, title: name,
      onclick: async () => {
        announce(SAID[kind]);
        const problem = await feel(item, kind);
        if (problem) say(item.item_id, `Noted for this conversation only. ${problem.message}`);
      },
    }, icon(drawn));
  return h("div", { class: "opinions" }, button("like", "Like", "heart"), button("dislike", "Not for me", "no"));
}

/** Every place that shows an item's note. @param {string} id @param {string | null} text */
function say(id, text) {
  for (const place of document.querySelectorAll("[data-note]")) {
    if (!(place instanceof HTMLElement) || place.dataset.note !== id) continue;
    place.hidden = text === null;
    place.textContent = text;
  }
}

events.addEventListener("feedback", (event) => {
  const { item, kind } = /** @type {CustomEvent} */ (event).detail;
  for (const button of document.querySelectorAll("[data-kind]")) {
    if (button instanceof HTMLElement && button.dataset.of === item) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
  }
  for (const shown of document.querySelectorAll(".card[data-item]")) {
    if (shown instanceof HTMLElement && shown.dataset.item === item) shown.classList.toggle("gone", kind === "dislike");
  }
  say(item, SAID[/** @type {"like" | "dislike"} */ (kind)]);
});
