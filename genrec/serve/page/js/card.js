// An item as a card: picture, title, price, facts, the reason, what it rests on, and what one thinks of it.

import { details } from "./details.js";
import { h } from "./dom.js";
import { folded } from "./evidence.js";
import { learn, picture } from "./items.js";
import { note, opinions } from "./opinions.js";
import { feeling } from "./person.js";
import { factsOf, priceOf, titleOf } from "./words.js";

/** @typedef {import("./api.js").Card} Card */

/** A row of cards, one of them in the Tab order; arrows go to the others. @param {Card[]} items @param {string} name */
export function row(items, name) {
  learn(items);
  const list = h("ul", { class: "cards", "aria-label": name, "aria-describedby": "arrows" }, ...items.map(card));
  reach(list, 0);
  list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const cards = [...list.children];
    const from = cards.findIndex((one) => one.contains(document.activeElement));
    const to = Math.min(Math.max(from + step, 0), cards.length - 1);
    if (from < 0) return;
    event.preventDefault();
    const what = /** @type {HTMLElement} */ (document.activeElement).dataset.control;
    reach(list, to);
    (cards[to].querySelector(`[data-control="${what}"]`) ?? cards[to].querySelector("[data-control]")).focus();
  });
  list.addEventListener("focusin", (/** @type {FocusEvent} */ event) => {
    const at = [...list.children].findIndex((one) => one.contains(/** @type {Node} */ (event.target)));
    if (at >= 0) reach(list, at);
  });
  return list;
}

/** Let Tab come to this card of a row only. @param {HTMLElement} list @param {number} at */
function reach(list, at) {
  [...list.children].forEach((one, i) => {
    for (const control of one.querySelectorAll("button, summary")) control.setAttribute("tabindex", i === at ? "0" : "-1");
  });
}

/** @param {Card} item */
function card(item) {
  const title = titleOf(item);
  const price = priceOf(item);
  const facts = factsOf(item);
  const because = folded(item);
  because?.querySelector("summary")?.setAttribute("data-control", "because");
  return h("li", { class: feeling(item.item_id) === "dislike" ? "card gone" : "card", "data-item": item.item_id },
    h("button", { type: "button", class: "open", "data-control": "open", "aria-haspopup": "dialog", onclick: () => details(item) },
      picture(item),
      h("span", { class: "title" }, title)),
    facts.length > 0 && h("p", { class: "facts" }, facts.join(" · ")),
    h("div", { class: "meta" },
      h("span", { class: "price" }, price ?? ""),
      item.sponsored && h("span", { class: "sponsored" }, "Sponsored"),
      opinions(item)),
    item.why?.text && h("p", { class: "why" }, item.why.text),
    because,
    note(item));
}
