// What stands there before anything was said: ideas from the catalogue, and some people to shop as.

import { call } from "./api.js";
import { tell } from "./conversation.js";
import { at, h } from "./dom.js";
import { kindOf } from "./filters.js";
import { learn, picture } from "./items.js";
import { choose, some } from "./people.js";
import { events, known, person } from "./person.js";
import { isPrice, shown } from "./words.js";

/** @typedef {import("./api.js").Catalogue} Catalogue @typedef {import("./api.js").Card} Card */

const [FACES, PICTURES] = [3, 4];

/** @param {Catalogue} catalogue */
export function suggest(catalogue) {
  const words = catalogue.columns.filter((one) => one.kind === "text" && kindOf(one) === "values");
  const value = (/** @type {number} */ column, /** @type {number} */ i) => {
    const { values } = words[column];
    return shown(values[i % values.length].value);
  };
  const price = catalogue.columns.find((one) => isPrice(one.name) && typeof one.max === "number");
  const limit = price ? round(Number(price.min) + (Number(price.max) - Number(price.min)) / 3) : null;
  const ideas = ["What would suit me?"];
  if (words.length && limit) ideas.push(`${capital(value(0, 0))} under ${limit}`);
  const colour = words.findIndex((one) => /^colou?r$/i.test(one.name));
  const second = colour > 0 ? colour : 1;
  if (words.length > 1) ideas.push(`${capital(value(0, 1))}, but not ${value(second, 0)}`, `Something ${value(second, 1)}`);
  at("suggestions").replaceChildren(...ideas.map((idea) => h("li", {},
    h("button", { type: "button", class: "suggestion", onclick: () => tell(idea) }, idea))));
}

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** 83.4 → 80 @param {number} price */
function round(price) {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(price)));
  return Math.max(step, Math.round(price / step) * step);
}

/** Some of the store's people, with what they had. Where the store or the key does not allow it, nobody. */
export async function faces() {
  /** @type {{user: string, history: Card[]}[]} */
  let people = [];
  try {
    const asked = (await some(FACES)).map((id) => call(`/v1/users/${encodeURIComponent(id)}`));
    people = (await Promise.allSettled(asked)).flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  } catch {
    return;
  }
  at("faces").hidden = !people.length;
  at("faces-list").replaceChildren(...people.map(({ user, history }) => {
    learn(history);
    return h("li", {}, h("button", { type: "button", class: "face", "data-user": user, onclick: () => choose(known(user)) },
      h("span", { class: "face-pictures" }, ...history.slice(-PICTURES).reverse().map((one) => picture(one))),
      h("span", { class: "face-name" }, user)));
  }));
  events.addEventListener("change", mark);
  mark();
}

function mark() {
  for (const face of at("faces-list").querySelectorAll("[data-user]")) {
    face.setAttribute("aria-pressed", String(face.dataset.user === person.id));
  }
}
