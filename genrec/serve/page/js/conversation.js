// The conversation: what was said, the answers to it, one question at a time.

import { AnswerView } from "./answer.js";
import { butted, find, forget, say } from "./talk.js";
import { at, h } from "./dom.js";
import { picture } from "./items.js";
import { titleOf } from "./words.js";

/**
 * @typedef {import("./api.js").Card} Card
 * @typedef {import("./talk.js").Answer} Answer
 * @typedef {(signal: AbortSignal) => AsyncGenerator<Answer>} Ask
 */

/** @type {AbortController | null} */
let running = null;

/** Say something. @param {string} text */
export function tell(text) {
  return run([h("p", {}, text)], (signal) => say(text, signal));
}

/** Search by a picture, changed as is said. @param {string} image a data: address @param {string} change */
export function showPicture(image, change) {
  const own = h("img", { src: image, alt: "Your picture" });
  return run([own, h("p", {}, change ? `Like this, ${butted(change)}` : "Items like this")], (signal) => find({ image, change }, signal));
}

/** Search for others like an item. @param {Card} item @param {string} change */
export function change(item, change) {
  const said = h("p", {}, `Like ${titleOf(item)}, ${butted(change)}`);
  return run([picture(item), said], (signal) => find({ item, change }, signal));
}

/** Break off the answer that is being written. */
export function stop() {
  running?.abort();
}

/** Whether an answer is being written. */
export const busy = () => running !== null;

/** Forget all that was said. */
export function anew() {
  stop();
  forget();
  at("log").replaceChildren();
  at("welcome").hidden = false;
  scrollTo({ top: 0 });
}

/** Something that no answer is to blame for. @param {string} sentence */
export function complain(sentence) {
  const view = new AnswerView({ drop: () => {} });
  at("welcome").hidden = true;
  at("log").append(view.element);
  view.show({ text: sentence, items: [], heard: [], missing: [], whole: true });
  view.element.scrollIntoView({ block: "nearest" });
}

/** @param {Node[]} said @param {Ask} ask */
async function run(said, ask) {
  if (running) return;
  const view = new AnswerView({ drop: (column) => tell(`The ${column.replace(/_/g, " ")} does not matter.`) });
  const mine = h("article", { class: "turn you", "aria-label": "You" }, ...said);
  at("welcome").hidden = true;
  at("log").append(mine, view.element);
  mine.scrollIntoView({ block: "start" });
  await attempt(view, ask);
}

/** @param {AnswerView} view @param {Ask} ask */
async function attempt(view, ask) {
  if (running) return;
  const mine = (running = new AbortController());
  working(true);
  try {
    for await (const answer of ask(mine.signal)) {
      if (mine.signal.aborted) break;
      view.show(answer);
    }
    if (mine.signal.aborted) view.stop();
  } catch (problem) {
    if (mine.signal.aborted) view.stop();
    else view.fail(problem, () => { view.wait(); attempt(view, ask); });
  } finally {
    running = null;
    working(false);
  }
}

/** @param {boolean} now */
function working(now) {
  at("send").hidden = now;
  at("stop").hidden = !now;
}
