// Who is shopping: somebody of the store, somebody invented here, or nobody in particular; and what they said of items.
//
// Names and picks of invented people stay in this browser: the server sees a random id, under which it keeps their
// events, and the picks as the history of a request.

import { call, fresh, tell } from "./api.js";
import { learn, lookup } from "./items.js";
import { keep, kept as remembered } from "./keep.js";

/**
 * @typedef {import("./api.js").Card} Card
 * @typedef {{id: string, name: string, stored: boolean, picks: string[]}} Kept
 * @typedef {Kept & {history: Card[], liked: Set<string>, disliked: Set<string>}} Person  history: oldest first
 */

const INVENTED = "genrec-invented";
const VISITOR = "genrec-visitor";
const CHOSEN = "genrec-chosen";

/** Tells of «change» (another person), «history» and «feedback» (detail: {item, kind}). */
export const events = new EventTarget();

/** @type {Person} */
export let person = made({ id: visitor(), name: "Just looking", stored: false, picks: [] });

/** @param {Kept} kept @returns {Person} */
function made(kept) {
  return { ...kept, history: [], liked: new Set(), disliked: new Set() };
}

/** The id of who just looks, the same at every visit. */
function visitor() {
  const id = remembered(VISITOR) ?? fresh("visitor");
  keep(VISITOR, id);
  return id;
}

/** Those invented in this browser. @returns {Kept[]} */
export function invented() {
  try {
    const kept = JSON.parse(remembered(INVENTED) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one?.id === "string" && Array.isArray(one.picks)) : [];
  } catch {
    return [];
  }
}

/** @param {string} name @param {Card[]} picks @returns {Promise<void>} */
export function invent(name, picks) {
  learn(picks);
  const kept = { id: fresh("invented"), name, stored: false, picks: picks.map((one) => one.item_id) };
  keep(INVENTED, JSON.stringify([kept, ...invented()]));
  return become(kept);
}

/** Delete somebody invented, here and on the server. @param {string} id */
export async function forget(id) {
  await call(`/v1/users/${encodeURIComponent(id)}:forget`, {});
  keep(INVENTED, JSON.stringify(invented().filter((one) => one.id !== id)));
  if (person.id === id) await become(nobody());
}

/** @returns {Kept} */
export const nobody = () => ({ id: visitor(), name: "Just looking", stored: false, picks: [] });

/** Somebody whom the store knows. @param {string} id @returns {Kept} */
export const known = (id) => ({ id, name: id, stored: true, picks: [] });

/** Who it was last time; nobody in particular, if they cannot be found. */
export async function comeBack() {
  const last = remembered(CHOSEN);
  const kept = invented().find((one) => one.id === last) ?? (last?.startsWith("=") ? known(last.slice(1)) : nobody());
  try {
    await become(kept);
  } catch {
    if (kept.stored) await become(nobody());
  }
}

/** Be this person from now on. @param {Kept} kept */
export async function become(kept) {
  const next = made(kept);
  if (kept.stored) {
    const told = await call(`/v1/users/${encodeURIComponent(kept.id)}`);
    learn(told.history);
    next.history = told.history;
    next.disliked = new Set(told.disliked);
  } else {
    // The catalogue may be another one since; the store knows the likes of earlier visits, if it can be asked.
    const found = await Promise.all(kept.picks.map(lookup));
    const told = await call(`/v1/users/${encodeURIComponent(kept.id)}`).catch(() => ({ history: [], disliked: [] }));
    const picked = found.filter((one) => one !== null);
    next.picks = picked.map((one) => one.item_id);
    next.history = [...told.history.filter((/** @type {Card} */ one) => !next.picks.includes(one.item_id)), ...picked];
    next.disliked = new Set(told.disliked);
  }
  person = next;
  keep(CHOSEN, kept.stored ? `=${kept.id}` : kept.id);
  events.dispatchEvent(new Event("change"));
}

/**
 * Like or dislike. It holds for this page's next question at once, and for all when the server has it on disk.
 * @param {Card} card @param {"like" | "dislike"} kind
 * @returns {Promise<import("./api.js").Problem | null>} why the server does not have it: then it holds here only
 */
export async function feel(card, kind) {
  const who = person;
  const [into, outOf] = kind === "like" ? [who.liked, who.disliked] : [who.disliked, who.liked];
  if (into.has(card.item_id)) return null;
  into.add(card.item_id);
  outOf.delete(card.item_id);
  learn([card]);
  who.history = who.history.filter((one) => one.item_id !== card.item_id);
  if (kind === "like") who.history = [...who.history, card];
  events.dispatchEvent(new CustomEvent("feedback", { detail: { item: card.item_id, kind } }));
  events.dispatchEvent(new Event("history"));
  return tell(who.id, card.item_id, kind).then(() => null, (problem) => problem);
}

/** What somebody said of an item. @param {string} item @returns {"like" | "dislike" | null} */
export function feeling(item) {
  return person.disliked.has(item) ? "dislike" : person.liked.has(item) ? "like" : null;
}

/** What the chat and search endpoints are told of this person. */
export function asked() {
  const { id, picks, disliked } = person;
  return { user: id, history: picks.filter((one) => !disliked.has(one)), disliked: [...disliked] };
}
