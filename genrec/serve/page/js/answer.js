// One answer: its words as they come, what was heard, the items as cards, or what went wrong.

import { row } from "./card.js";
import { announce, h, icon } from "./dom.js";
import { prose } from "./prose.js";
import { count, titleOf } from "./words.js";

/** @typedef {import("./talk.js").Answer} Answer @typedef {import("./talk.js").Heard} Heard @typedef {import("./api.js").Problem} Problem */

export class AnswerView {
  /** @param {{drop: (column: string) => void}} acts drop: what was heard of a column shall no longer hold */
  constructor(acts) {
    this.acts = acts;
    /** @type {Answer | null} */
    this.last = null;
    this.words = h("div", { class: "prose" });
    this.heard = h("ul", { class: "heard", "aria-label": "What was heard", hidden: true });
    this.items = h("div", { class: "items" });
    this.after = h("div", { class: "prose" });
    this.foot = h("div", { class: "answer-foot" });
    this.element = h("article", { class: "turn answer", "aria-label": "GenRec" }, this.words, this.heard, this.items, this.after, this.foot);
    this.wait();
  }

  /** Nothing has come yet. */
  wait() {
    this.element.setAttribute("aria-busy", "true");
    this.words.replaceChildren(h("p", { class: "waiting" }, h("span", { class: "visually-hidden" }, "Looking …"),
      h("i", {}), h("i", {}), h("i", {})));
    this.foot.replaceChildren();
  }

  /** @param {Answer} now */
  show(now) {
    const before = this.last;
    this.last = now;
    if (now.items !== before?.items && now.items.length) {
      this.items.replaceChildren(row(now.items, count(now.items.length, "recommendation")));
    }
    if (now.heard !== before?.heard) this.chips(now.heard);
    const shown = new Set(now.items.map((one) => one.item_id));
    if (now.text || now.whole) {
      const { before, after } = prose(now.text, shown, now.whole);
      this.words.replaceChildren(...before);
      this.after.replaceChildren(...after);
    }
    if (now.whole) this.end();
  }

  /** @param {Heard[]} heard */
  chips(heard) {
    this.heard.hidden = heard.length === 0;
    this.heard.replaceChildren(...heard.map(({ said, column }) => h("li", {}, column === null ?
      h("span", { class: "chip" }, said) :
      h("button", {
        type: "button", class: "chip", "aria-label": `Remove: ${said}`, title: "This should not hold any more", onclick: () => this.acts.drop(column),
      }, h("span", {}, said), icon("close")))));
  }

  end() {
    this.element.removeAttribute("aria-busy");
    const { items, text, missing } = /** @type {Answer} */ (this.last);
    if (missing.includes("history")) {
      this.foot.append(h("p", { class: "soft" }, "The stored history cannot be read just now, so it did not count."));
    }
    const first = text.split("\n")[0].replaceAll("**", "");
    announce(items.length ? `${first} ${count(items.length, "item")}: ${items.map(titleOf).join("; ")}.` : first);
  }

  /** Somebody stopped it: what has come stays. */
  stop() {
    this.element.removeAttribute("aria-busy");
    if (this.last) this.show({ ...this.last, whole: false });
    if (!this.last?.text) this.words.replaceChildren();
    this.foot.replaceChildren(h("p", { class: "soft" }, "Stopped."));
    announce("Stopped.");
  }

  /** @param {Problem} problem @param {() => void} again */
  fail(problem, again) {
    this.element.removeAttribute("aria-busy");
    if (!this.last?.text) this.words.replaceChildren();
    const button = h("button", { type: "button", class: "solid", onclick: again }, "Try again");
    this.foot.replaceChildren(h("div", { class: "problem" }, h("p", {}, problem.message), button));
    announce(problem.message);
    if (problem.after) countdown(button, Math.ceil(problem.after));
  }
}

/** A button that can be pressed in so many seconds. @param {HTMLButtonElement} button @param {number} seconds */
function countdown(button, seconds) {
  button.disabled = seconds > 0;
  button.textContent = seconds > 0 ? `Try again in ${seconds} s` : "Try again";
  if (seconds > 0) setTimeout(() => countdown(button, seconds - 1), 1000);
}
