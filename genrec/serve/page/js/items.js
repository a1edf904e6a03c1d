// Items that have been seen, by id; and their pictures.

import { call, keyed, request } from "./api.js";
import { h } from "./dom.js";
import { titleOf } from "./words.js";

/** @typedef {import("./api.js").Card} Card */

/** @type {Map<string, Promise<Card | null>>} */
const seen = new Map();
/** @type {Map<string, Promise<string>>} */
const blobs = new Map();

/** Remember these. @param {Card[]} cards */
export function learn(cards) {
  for (const card of cards) if (!seen.has(card.item_id)) seen.set(card.item_id, Promise.resolve(card));
}

/** An item by its id; null where the catalogue has none. @param {string} id @returns {Promise<Card | null>} */
export function lookup(id) {
  let found = seen.get(id);
  if (!found) {
    found = call(`/v1/items/${encodeURIComponent(id)}`).catch((problem) => {
      if (problem.status !== 404) seen.delete(id);
      return null;
    });
    seen.set(id, found);
  }
  return found;
}

/**
 * An item's picture in its tile, or the first letters of its title where it has none. Beside a title it says nothing.
 * @param {Card} card @param {{says?: boolean}} [more] says: the picture stands alone and is named by the title
 */
export function picture(card, { says = false } = {}) {
  const tile = h("span", { class: "tile" });
  const letters = () => {
    tile.classList.add("lettered");
    tile.replaceChildren(h("span", { "aria-hidden": says ? null : "true" }, says ? titleOf(card) : titleOf(card).slice(0, 2)));
  };
  // Pictures come from this server only, whatever the catalogue says.
  if (!card.image?.startsWith("/v1/")) {
    letters();
    return tile;
  }
  const image = h("img", { alt: says ? titleOf(card) : "", loading: "lazy", decoding: "async", draggable: "false" });
  image.addEventListener("error", letters, { once: true });
  source(card.image).then((address) => { image.src = address; }, letters);
  tile.append(image);
  return tile;
}

/** An <img> sends no key, so where one is needed the picture is fetched. @param {string} path */
export function source(path) {
  if (!keyed()) return Promise.resolve(path);
  let found = blobs.get(path);
  if (!found) {
    found = request(path).then((response) => response.blob()).then((blob) => URL.createObjectURL(blob));
    blobs.set(path, found);
    found.catch(() => blobs.delete(path));
  }
  return found;
}
