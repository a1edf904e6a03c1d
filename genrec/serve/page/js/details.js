// All that is known of an item, and the way to others like it.

import { at, h, open } from "./dom.js";
import { draw, draws } from "./drawn.js";
import { bars } from "./evidence.js";
import { picture } from "./items.js";
import { note, opinions } from "./opinions.js";
import { isPrice, named, priceOf, shown, titleOf } from "./words.js";

/** @typedef {import("./api.js").Card} Card */

const PROSE = 60;

/** @type {(item: Card, change: string) => void} */
let search = () => {};

/** Who looks for items like one, but changed. @param {(item: Card, change: string) => void} find */
export function changesTo(find) {
  search = find;
}

/** Show an item. @param {Card} item */
export function details(item) {
  const dialog = at("details");
  const price = priceOf(item);
  const rest = Object.entries(item.attributes).filter(([column]) => !isPrice(column));
  const told = rest.filter(([, value]) => typeof value === "string" && value.length > PROSE);
  const facts = rest.filter((one) => !told.includes(one));
  const evidence = bars(item);
  const box = h("input", { type: "text", maxlength: 200, placeholder: "in blue, cheaper …", "aria-label": "What should be different", required: true });
  at("details-inside").replaceChildren(
    h("div", { class: "details-side" }, picture(item), opinions(item), note(item),
      draws() && item.available && h("button", {
        type: "button", class: "quiet",
        onclick: () => {
          dialog.close();
          draw(item);
        },
      }, "Draw it for me")),
    h("div", { class: "details-main" },
      h("h2", { id: "details-title" }, titleOf(item)),
      h("p", { class: "meta" }, price && h("span", { class: "price" }, price), !item.available && h("span", { class: "sponsored" }, "Not available now")),
      ...told.map(([, value]) => h("p", {}, value)),
      item.why?.text && h("section", { class: "told", "aria-label": "Why" }, h("h3", {}, "Why you see it"), h("p", {}, item.why.text), evidence),
      h("form", {
        class: "change", autocomplete: "off",
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          dialog.close();
          search(item, box.value.trim());
        },
      }, h("h3", {}, "Like this, but …"), h("div", { class: "line" }, box, h("button", { type: "submit", class: "solid" }, "Find"))),
      h("dl", {}, ...facts.flatMap(([column, value]) => [h("dt", {}, named(column)), h("dd", {}, shown(value, column))]),
        h("dt", {}, "Id"), h("dd", {}, item.item_id))));
  open(dialog);
}
