// The place for pictures that are drawn for a person. It stays away unless the server says that it draws.

import { call } from "./api.js";
import { at } from "./dom.js";

const MODEL = "genrec-imagery";

/** Show the place where the server lists the model of imagery. */
export async function begin() {
  const { data } = await call("/v1/models");
  at("drawn").hidden = !data.some((/** @type {{id: string}} */ one) => one.id === MODEL);
}
