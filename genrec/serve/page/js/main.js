// Puts the page together. Each concern has a module; they know each other by their functions and events.

import { call, keysFrom } from "./api.js";
import { begin as compose } from "./composer.js";
import { anew, change } from "./conversation.js";
import { changesTo } from "./details.js";
import { at } from "./dom.js";
import { begin as drawn } from "./drawn.js";
import { show as showFilters } from "./filters.js";
import { begin as history } from "./history.js";
import { begin as inventing, start as invent } from "./inventing.js";
import { ask } from "./key.js";
import { begin as panels } from "./panels.js";
import { begin as people } from "./people.js";
import { comeBack, events } from "./person.js";
import { faces, suggest } from "./welcome.js";

keysFrom(ask);
panels();
compose();
history();
people(invent);
inventing();
changesTo(change);
at("anew").addEventListener("click", () => {
  anew();
  at("box").focus();
});

try {
  const catalogue = await call("/v1/catalogue");
  showFilters(catalogue);
  suggest(catalogue);
} catch (problem) {
  at("filters-note").textContent = problem.message;
}
// From then on another person's conversation is another conversation.
const back = comeBack().finally(() => events.addEventListener("change", anew));
await Promise.allSettled([back, faces(), drawn()]);
document.documentElement.dataset.ready = "yes";
