// Elements. The one place that makes them, and it knows no way to turn a text into HTML: what the catalogue or the
// server says is always a text node or an attribute that cannot run anything.

/**
 * @param {string} tag
 * @param {Record<string, any>} [given] attributes; `on…` listens; null, undefined and false are left out
 * @param {...(Node | string | null | undefined | false)} inside
 * @returns {any} the element
 */
export function h(tag, given = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...inside.filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

/**
 * One of the symbols that stand in index.html. It says nothing to a screen reader: the button's name does.
 * @param {string} name
 */
export function icon(name) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  made.setAttribute("class", "icon");
  made.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  made.append(use);
  return made;
}

/**
 * An element of index.html.
 * @param {string} id
 * @returns {any}
 */
export function at(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * Said to those who listen instead of looking.
 * @param {string} text
 */
export function announce(text) {
  const region = at("status");
  region.textContent = "";
  // Another text in the same task would be no change to a screen reader.
  requestAnimationFrame(() => { region.textContent = text; });
}

/**
 * Open a dialog; a click beside it closes it, as Escape does by itself.
 * @param {HTMLDialogElement} dialog
 */
export function open(dialog) {
  if (dialog.open) return;
  if (!dialog.dataset.ready) {
    dialog.dataset.ready = "yes";
    let pressed = false;
    dialog.addEventListener("pointerdown", (event) => { pressed = event.target === dialog; });
    dialog.addEventListener("click", (event) => {
      if ((event.target === dialog && pressed) || event.target?.closest?.("[data-close]")) dialog.close();
    });
  }
  dialog.showModal();
}
