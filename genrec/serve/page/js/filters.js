// The filters panel, made from the catalogue's columns: values to choose, bounds of numbers and dates.

import { at, h } from "./dom.js";
import { count as items, isPrice, named, shown } from "./words.js";

/** @typedef {import("./api.js").Catalogue} Catalogue @typedef {import("./api.js").Column} Column */

const [AT_ONCE, MOST, OPENED] = [8, 50, 3];

/** Tells of «change». */
export const events = new EventTarget();

/** @type {Map<string, Set<string | number | boolean>>} */
const values = new Map();
/** @type {Map<string, {min?: number | string, max?: number | string}>} */
const bounds = new Map();

/** As the API's filter; null without any. @returns {Record<string, any> | null} */
export function where() {
  const made = {
    ...Object.fromEntries([...values].map(([column, chosen]) => [column, [...chosen]])),
    ...Object.fromEntries(bounds),
  };
  return Object.keys(made).length ? made : null;
}

/** How many columns are filtered. */
export const filtered = () => values.size + bounds.size;

/** Columns worth showing: few values that items share, or a range. @param {Column} column */
export function kindOf(column) {
  if (column.values.length > 1 && column.distinct <= MOST) return "values";
  return column.min !== null && column.min !== column.max && !column.several ? "range" : null;
}

/** @param {Catalogue} catalogue */
export function show(catalogue) {
  const groups = catalogue.columns.filter(kindOf);
  // Prices first: nearly everybody has a limit. Then as the catalogue has them.
  groups.sort((one, other) => Number(isPrice(other.name)) - Number(isPrice(one.name)));
  at("filters").replaceChildren(...groups.map((column, i) =>
    h("details", { class: "group", "data-column": column.name, open: i < OPENED },
      h("summary", {}, named(column.name), h("span", { class: "badge", hidden: true })),
      kindOf(column) === "values" ? choices(column) : range(column))));
  at("filters-note").hidden = groups.length > 0;
  at("filters-note").textContent = "This catalogue has no columns to filter by.";
}

/** @param {Column} column */
function choices(column) {
  const list = h("ul", { class: "values", "aria-label": named(column.name) }, ...column.values.map(({ value, count }, i) => {
    const button = h("button", {
      type: "button", class: "value", "aria-pressed": "false", "aria-label": `${shown(value, column.name)}, ${items(count, "item")}`,
      onclick: () => {
        const chosen = values.get(column.name) ?? new Set();
        if (!chosen.delete(value)) chosen.add(value);
        if (chosen.size) values.set(column.name, chosen);
        else values.delete(column.name);
        button.setAttribute("aria-pressed", String(chosen.has(value)));
        changed(column.name, chosen.size);
      },
    }, shown(value, column.name), h("span", { class: "count" }, shown(count)));
    return h("li", { class: i < AT_ONCE ? null : "later" }, button);
  }));
  if (column.values.length <= AT_ONCE + 2) list.classList.add("all");
  else {
    list.append(h("li", { class: "more" }, h("button", { type: "button", class: "quiet", onclick: () => {
      list.classList.add("all");
      list.querySelector(".later button")?.focus();
    } }, `${column.values.length - AT_ONCE} more`)));
  }
  return list;
}

/** @param {Column} column */
function range(column) {
  const numbers = typeof column.min === "number" && typeof column.max === "number";
  const type = numbers ? "number" : column.kind === "date" ? "date" : "datetime-local";
  const box = (/** @type {"min" | "max"} */ end, /** @type {string} */ name) => {
    const input = h("input", {
      type, name: end, "aria-label": `${named(column.name)}: ${name}`, step: "any",
      placeholder: numbers ? String(end === "min" ? Math.floor(Number(column.min)) : Math.ceil(Number(column.max))) : null,
      onchange: () => {
        const now = bounds.get(column.name) ?? {};
        const text = input.value.trim();
        if (text === "") delete now[end];
        else now[end] = numbers ? Number(text) : text;
        if (Object.keys(now).length) bounds.set(column.name, now);
        else bounds.delete(column.name);
        const crossed = now.min !== undefined && now.max !== undefined && now.min > now.max;
        input.setCustomValidity(crossed ? "The bounds leave nothing: swap them." : "");
        input.reportValidity();
        changed(column.name, Object.keys(now).length);
      },
    });
    return h("label", {}, h("span", {}, name), input);
  };
  return h("div", { class: "range" }, box("min", "from"), box("max", "to"));
}

/** @param {string} column @param {number} n how many choices hold there */
function changed(column, n) {
  for (const group of at("filters").querySelectorAll("details")) {
    if (group.dataset.column !== column) continue;
    const badge = group.querySelector(".badge");
    badge.hidden = n === 0;
    badge.textContent = n ? String(n) : "";
  }
  events.dispatchEvent(new Event("change"));
}

/** Filter by nothing. */
export function clear() {
  values.clear();
  bounds.clear();
  for (const button of at("filters").querySelectorAll("[aria-pressed=true]")) button.setAttribute("aria-pressed", "false");
  for (const input of at("filters").querySelectorAll("input")) {
    input.value = "";
    input.setCustomValidity("");
  }
  for (const badge of at("filters").querySelectorAll(".badge")) badge.hidden = true;
  events.dispatchEvent(new Event("change"));
}
