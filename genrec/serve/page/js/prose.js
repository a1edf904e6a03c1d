// An answer's text as paragraphs, lists and bold words: the little Markdown that the service writes, and no more.

import { h } from "./dom.js";

const NUMBERED = /^\s*\d+[.)]\s+/;
const BULLET = /^\s*[-*•]\s+/;
const ITEM = /^\s*\d+[.)]\s+\*\*.*?\*\*\s*\(([^()]+)\)/;

/**
 * @param {string} text
 * @param {Set<string>} shown ids of items that stand below as cards: their lines are left out
 * @param {boolean} whole false while more is to come
 * @returns {{before: HTMLElement[], after: HTMLElement[]}} what stands before the cards, and what after them
 */
export function prose(text, shown, whole) {
  const lines = text.split("\n");
  // A line that begins as an item's may yet become one.
  if (!whole && shown.size && /^\s*\d/.test(lines[lines.length - 1])) lines.pop();
  /** @type {HTMLElement[]} */
  const before = [];
  /** @type {HTMLElement[]} */
  const after = [];
  let blocks = before;
  /** @type {HTMLElement | null} */
  let open = null;
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && shown.has(item[1])) {
      blocks = after;
      open = null;
      continue;
    }
    const kind = NUMBERED.test(line) ? "OL" : BULLET.test(line) ? "UL" : line.trim() ? "P" : "";
    if (!kind) {
      open = null;
      continue;
    }
    if (!open || open.tagName !== kind) {
      open = h(kind.toLowerCase());
      blocks.push(/** @type {HTMLElement} */ (open));
    } else if (kind === "P") {
      open.append(" ");
    }
    const words = bold(line.replace(NUMBERED, "").replace(BULLET, "").trim());
    open?.append(...(kind === "P" ? words : [h("li", {}, ...words)]));
  }
  return { before, after };
}

/** «a **b** c» @param {string} line @returns {(Node | string)[]} */
function bold(line) {
  return line.split(/\*\*(.+?)\*\*/).map((part, i) => (i % 2 ? h("strong", {}, part) : part)).filter((one) => one !== "");
}
