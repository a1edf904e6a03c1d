// Choosing who is shopping.

import { call } from "./api.js";
import { announce, at, h, icon, open } from "./dom.js";
import { become, events, forget, invented, known, nobody, person } from "./person.js";
import { count } from "./words.js";

/** @typedef {import("./person.js").Kept} Kept */

const [ASKED, SHOWN] = [1000, 60];

/** @type {string[]} */
let stored = [];
let asked = false;

/** @param {() => void} invent opens the dialog for inventing somebody */
export function begin(invent) {
  at("who").addEventListener("click", async () => {
    at("people-search").value = "";
    draw();
    open(at("people"));
    if (asked) return;
    at("people-note").textContent = "Asking the store …";
    try {
      stored = await some(ASKED);
      asked = true;
      draw();
    } catch (problem) {
      at("people-note").textContent = problem.status === 403 ?
        "This key may not list people. You can still invent somebody." : problem.message;
    }
  });
  at("people-search").addEventListener("input", draw);
  at("people-search").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    at("people-list").querySelector("button")?.click();
  });
  at("nobody").addEventListener("click", () => choose(nobody()));
  at("invent").addEventListener("click", () => {
    at("people").close();
    invent();
  });
  events.addEventListener("change", name);
  name();
}

/** Some people whom the store knows. @param {number} limit @returns {Promise<string[]>} */
export async function some(limit) {
  return (await call(`/v1/users?limit=${limit}`)).users;
}

/** Be somebody, and say so. @param {Kept} kept */
export async function choose(kept) {
  try {
    await become(kept);
    at("people").close();
    announce(`Shopping as ${kept.name}. ${count(person.history.length, "item")} in the history.`);
  } catch (problem) {
    at("people-note").textContent = problem.message;
  }
}

function name() {
  at("who").querySelector(".name").textContent = person.name;
  at("who").querySelector(".initial").textContent = initial(person.name);
}

/** @param {string} text */
export const initial = (text) => [...text.trim()][0]?.toUpperCase() ?? "–";

function draw() {
  const wanted = at("people-search").value.trim().toLowerCase();
  const fits = (/** @type {Kept} */ one) => one.name.toLowerCase().includes(wanted);
  const here = invented().filter(fits);
  const there = stored.map(known).filter(fits);
  // The list may be shorter than the store: an id that was typed in full can be asked for.
  if (wanted && stored.length === ASKED && !stored.some((one) => one.toLowerCase() === wanted)) {
    there.push(known(at("people-search").value.trim()));
  }
  at("people-list").replaceChildren(...here.map((one) => line(one, "invented here")), ...there.slice(0, SHOWN).map((one) => line(one, "")));
  if (asked) {
    const left = here.length + there.length;
    at("people-note").textContent = !left ? "Nobody is called that." :
      there.length > SHOWN ? `${SHOWN} of ${count(left, "person").replace("persons", "people")}: type to find others.` : "";
  }
}

/** @param {Kept} one @param {string} about */
function line(one, about) {
  return h("li", {},
    h("button", { type: "button", class: "choice", "aria-current": person.id === one.id ? "true" : null, onclick: () => choose(one) },
      h("span", { class: "initial", "aria-hidden": "true" }, initial(one.name)),
      h("span", {}, one.name, about && h("small", {}, about))),
    !one.stored && h("button", {
      type: "button", class: "round small", "aria-label": `Forget ${one.name}`, title: "Forget, here and on the server",
      onclick: async () => {
        try {
          await forget(one.id);
          draw();
          announce(`${one.name} is forgotten.`);
        } catch (problem) {
          at("people-note").textContent = problem.message;
        }
      },
    }, icon("close")));
}
