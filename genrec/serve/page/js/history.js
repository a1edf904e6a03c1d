// The person's history as a strip of pictures, newest first.

import { details } from "./details.js";
import { at, h } from "./dom.js";
import { picture } from "./items.js";
import { events, person } from "./person.js";
import { count, titleOf } from "./words.js";

const SHOWN = 24;

/** Keep the strip as the person's history is. */
export function begin() {
  events.addEventListener("change", draw);
  events.addEventListener("history", draw);
  draw();
}

function draw() {
  const newest = [...person.history].reverse();
  const note = at("history-note");
  note.textContent = newest.length > SHOWN ? `The last ${SHOWN} of ${count(newest.length, "item")}.` :
    newest.length ? `${count(newest.length, "item")}, newest first.` : "Empty. Like something, and it stands here.";
  at("history").replaceChildren(...newest.slice(0, SHOWN).map((item) => h("li", {},
    h("button", { type: "button", class: "thumb", title: titleOf(item), "aria-haspopup": "dialog", onclick: () => details(item) },
      picture(item, { says: true })))));
}
