// What a recommendation rests on: by how much its score falls without each thing of the history.

import { h, icon } from "./dom.js";
import { lookup, picture } from "./items.js";
import { titleOf } from "./words.js";

/** @typedef {import("./api.js").Card} Card */

const [MOST, LEAST] = [4, 0.1];

/**
 * Bars, longest first; null where nothing of the history speaks for the item.
 * @param {Card} card @returns {HTMLElement | null}
 */
export function bars(card) {
  const told = speaking(card);
  if (!told.length) return null;
  const longest = told[0][1];
  return h("ul", { class: "bars", "aria-label": "What it rests on in the history" },
    ...told.map(([id, change]) => bar(id, change / longest)));
}

/**
 * The same to be opened, with the pictures of what is cited as its handle.
 * @param {Card} card @returns {HTMLElement | null}
 */
export function folded(card) {
  const inside = bars(card);
  if (!inside) return null;
  const faces = h("span", { class: "faces-row" });
  for (const [id] of speaking(card).slice(0, 3)) {
    const slot = h("span", {});
    faces.append(slot);
    lookup(id).then((one) => (one ? slot.replaceWith(picture(one)) : slot.remove()));
  }
  return h("details", { class: "because" }, h("summary", {}, "because of", faces, icon("down")), inside);
}

/** The influences that raise the score, without those beside which it is nothing. @param {Card} card @returns {[string, number][]} */
function speaking(card) {
  const told = card.why?.influences ?? [];
  return told.filter(([, change]) => change > 0 && change >= LEAST * told[0][1]).slice(0, MOST);
}

/** @param {string} id @param {number} share of the longest bar */
function bar(id, share) {
  const percent = Math.max(4, Math.round(share * 100));
  const name = h("span", { class: "bar-name" }, id);
  const slot = h("span", { class: "tile" });
  const meter = h("meter", { min: 0, max: 100, value: percent, "aria-label": `weight of ${id}` });
  const row = h("li", {}, slot, h("span", { class: "bar-text" }, name, meter));
  lookup(id).then((one) => {
    if (!one) return;
    name.textContent = titleOf(one);
    meter.setAttribute("aria-label", `weight of ${titleOf(one)}`);
    slot.replaceWith(picture(one));
  });
  return row;
}
