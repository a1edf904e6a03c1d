// How values are said.

/** @typedef {import("./api.js").Card} Card */

const PRICES = ["price", "cost", "price_eur", "price_usd", "unit_price"];
const AMOUNT = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const NUMBER = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

/** Whether a column is one of prices. @param {string} column */
export const isPrice = (column) => PRICES.includes(column.toLowerCase());

/** «unit_price» → «Unit price». @param {string} column */
export function named(column) {
  const words = column.replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A cell as one reads it. @param {any} value @param {string} [column] @returns {string} */
export function shown(value, column = "") {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return (isPrice(column) ? AMOUNT : NUMBER).format(value);
  if (Array.isArray(value)) return value.map((one) => shown(one, column)).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** @param {Card} card */
export const titleOf = (card) => card.title || card.item_id;

/** The price as it is shown, null where there is none. @param {Card} card */
export function priceOf(card) {
  const column = Object.keys(card.attributes).find(isPrice);
  return column === undefined ? null : shown(card.attributes[column], column);
}

/** Up to three short facts that the title does not say already. @param {Card} card @returns {string[]} */
export function factsOf(card) {
  const title = titleOf(card).toLowerCase();
  /** @type {string[]} */
  const facts = [];
  for (const [column, value] of Object.entries(card.attributes)) {
    const text = typeof value === "boolean" ? (value ? named(column).toLowerCase() : "") :
      typeof value === "string" || Array.isArray(value) ? shown(value) : "";
    const told = facts.some((one) => one.toLowerCase() === text.toLowerCase());
    if (text && text.length <= 24 && !told && !title.includes(text.toLowerCase())) facts.push(text);
    if (facts.length === 3) break;
  }
  return facts;
}

/** «1 item», «3 items». @param {number} n @param {string} thing */
export const count = (n, thing) => `${NUMBER.format(n)} ${thing}${n === 1 ? "" : "s"}`;
