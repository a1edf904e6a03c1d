// History and filters: beside the conversation where there is room, else in a sheet that a button opens.

import { at, open } from "./dom.js";
import { clear, events, filtered } from "./filters.js";

export function begin() {
  const wide = matchMedia("(min-width: 1080px)");
  const place = () => {
    if (wide.matches && at("drawer").open) at("drawer").close();
    (wide.matches ? at("side") : at("drawer-inside")).append(at("panels"));
  };
  wide.addEventListener("change", place);
  place();
  at("panels-open").addEventListener("click", () => open(at("drawer")));
  at("filters-clear").addEventListener("click", () => {
    clear();
    at("filters").querySelector("summary")?.focus();
  });
  events.addEventListener("change", () => {
    const n = filtered();
    at("filters-clear").hidden = n === 0;
    at("panels-count").hidden = n === 0;
    at("panels-count").textContent = String(n);
    at("panels-open").setAttribute("aria-label", n ? `Filters and history, ${n} set` : "Filters and history");
  });
}
