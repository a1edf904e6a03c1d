// The box at the bottom: words, a picture, or both.

import { begin as takePictures, detach, waiting } from "./attach.js";
import { busy, complain, showPicture, stop, tell } from "./conversation.js";
import { at } from "./dom.js";

const TALLEST = 160;

export function begin() {
  const box = at("box");
  box.dataset.says = box.placeholder;
  takePictures(complain);
  at("composer").addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    send();
  });
  at("stop").addEventListener("click", () => {
    stop();
    box.focus();
  });
  box.addEventListener("input", grow);
  box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    // While a word is being composed (Japanese, Chinese …), Enter belongs to the composing.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      stop();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.closest("input, textarea, dialog")) return;
    event.preventDefault();
    box.focus();
  });
}

function send() {
  const box = at("box");
  const text = box.value.trim();
  const image = waiting();
  if (busy() || (!text && !image)) return;
  box.value = "";
  grow();
  if (image) {
    detach();
    showPicture(image, text);
  } else {
    tell(text);
  }
}

/** As tall as what is written. */
function grow() {
  const box = at("box");
  box.style.height = "";
  if (box.value) box.style.height = `${Math.min(box.scrollHeight, TALLEST)}px`;
}
