// The API key, where the server wants one.

import { at, open } from "./dom.js";

/** Ask for a key; null where somebody would rather not. @param {boolean} wrong whether one was refused @returns {Promise<string | null>} */
export function ask(wrong) {
  const [dialog, form, input] = [at("key"), at("key-form"), at("key-input")];
  at("key-note").textContent = wrong ? "That key was refused. Try another one." :
    "It is kept until this tab is closed, and sent to this server only.";
  input.value = "";
  open(dialog);
  input.focus();
  return new Promise((resolve) => {
    const submitted = (/** @type {Event} */ event) => {
      event.preventDefault();
      given = input.value.trim() || null;
      dialog.close();
    };
    /** @type {string | null} */
    let given = null;
    form.addEventListener("submit", submitted);
    dialog.addEventListener("close", () => {
      form.removeEventListener("submit", submitted);
      input.value = "";
      resolve(given);
    }, { once: true });
  });
}
