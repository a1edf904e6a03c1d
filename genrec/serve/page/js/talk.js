// What is asked of the server, and what of it the next question has to know: the messages of the conversation.

import { call, chat } from "./api.js";
import { where } from "./filters.js";
import { asked } from "./person.js";
import { titleOf } from "./words.js";

/**
 * @typedef {import("./api.js").Card} Card
 * @typedef {{text: string, items: Card[], heard: Heard[], missing: string[], whole: boolean}} Answer
 * @typedef {{said: string, column: string | null}} Heard  what holds, in words; the column that it is about
 */

const [SHOWN, FOUND] = [5, 10];

/** @type {{role: "user" | "assistant", content: string}[]} */
let messages = [];

/** Begin anew. */
export function forget() {
  messages = [];
}

/**
 * The answer to what somebody says, as it grows. Only an answer becomes part of the conversation, so that what failed can be asked again;
 * of one that was stopped, what had come.
 * @param {string} text @param {AbortSignal} signal @returns {AsyncGenerator<Answer>}
 */
export async function* say(text, signal) {
  const { user, history, disliked } = asked();
  const before = messages;
  const said = [...before, { role: /** @type {const} */ ("user"), content: text }];
  const filter = where();
  /** @type {Answer} */
  let answer = { text: "", items: [], heard: [], missing: [], whole: false };
  let stopped = true;
  try {
    const own = { k: SHOWN, history, disliked, explain: true, ...(filter && { where: filter }) };
    for await (const delta of chat({ model: "genrec", messages: said, user, genrec: own }, signal)) {
      answer = {
        text: answer.text + (delta.content ?? ""),
        items: delta.recommendations ?? answer.items,
        heard: delta.heard ? about(delta.heard, delta.where) : answer.heard,
        missing: delta.missing ?? answer.missing,
        whole: false,
      };
      yield answer;
    }
    answer = { ...answer, whole: true };
    yield answer;
  } catch (problem) {
    stopped = signal.aborted;
    throw problem;
  } finally {
    if (messages === before && stopped && (answer.whole || answer.text)) {
      messages = [...said, { role: "assistant", content: answer.text }];
    }
  }
}

/**
 * Items like a picture or like an item, and changed as is said.
 * @param {{image?: string, item?: Card, change: string}} wanted @param {AbortSignal} signal
 * @returns {AsyncGenerator<Answer>}
 */
export async function* find({ image, item, change }, signal) {
  const filter = where();
  const before = messages;
  const found = await call("/v1/search", {
    k: FOUND, ...(image ? { image } : { item_id: item?.item_id }), ...(change && { change }), ...(filter && { where: filter }),
    deny: asked().disliked,
  }, signal);
  const like = item ? `like ${titleOf(item)}` : "like your picture";
  const text = !found.items.length ? found.reason ?? `Nothing is ${like} with these filters.` :
    `These are ${like}${change ? `, ${butted(change)}` : ""}.`;
  // The next question may speak of «the second one»: the conversation has them by number, name and id.
  const listed = found.items.map((/** @type {Card} */ one, /** @type {number} */ i) => `${i + 1}. **${titleOf(one)}** (${one.item_id})`);
  if (messages === before) {
    messages = [...before, { role: "user", content: change || "Show me items like this." },
      { role: "assistant", content: [text, "", ...listed].join("\n") }];
  }
  yield { text, items: found.items, heard: [], missing: found.missing, whole: true };
}

/**
 * What was heard beside the columns of its filter. Both come in one order; words that no column says come last.
 * @param {string[]} heard @param {any} filter @returns {Heard[]}
 */
function about(heard, filter) {
  const parts = filter ? filter.all ?? [filter] : [];
  const columns = parts.map((/** @type {any} */ part) => Object.keys(part.any?.[0] ?? part)[0]);
  return heard.map((said, i) => ({ said, column: columns[i] ?? null }));
}

/** «in red», «but in red» → «but in red» @param {string} change */
export const butted = (change) => (/^but\b/i.test(change) ? change : `but ${change}`);
