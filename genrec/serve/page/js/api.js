// The service's public API, and nothing but it: what this page does, any program can do.

import { events } from "./sse.js";

/**
 * @typedef {{text: string, source: string, cited: string[], reason: [string, string] | null,
 *   influences: [string, number][]}} Cited
 * @typedef {{item_id: string, title: string | null, attributes: Record<string, any>, image: string | null,
 *   available: boolean, score?: number, sponsored?: boolean, why?: Cited | null}} Card
 * @typedef {{value: string | number | boolean, count: number}} Value
 * @typedef {{name: string, kind: string, several: boolean, distinct: number, missing: number, values: Value[],
 *   min: number | string | null, max: number | string | null}} Column
 * @typedef {{version: number, items: number, columns: Column[]}} Catalogue
 */

const KEY = "genrec-key";

/** What went wrong, as a sentence. `after`: seconds in which to come back. */
export class Problem extends Error {
  /** @param {string} sentence @param {number} [status] @param {number | null} [after] */
  constructor(sentence, status = 0, after = null) {
    super(sentence);
    this.status = status;
    this.after = after;
  }
}

/** @type {(wrong: boolean) => Promise<string | null>} */
let askForKey = async () => null;

/**
 * Whom to ask for a key when the server wants one; null: nobody gave one.
 * @param {(wrong: boolean) => Promise<string | null>} ask
 */
export function keysFrom(ask) {
  askForKey = ask;
}

/** Whether requests carry a key. It lives as long as the tab. */
export const keyed = () => sessionStorage.getItem(KEY) !== null;

/** @type {Promise<string | null> | null} */
let asking = null;

/**
 * @param {string} path @param {{method?: string, body?: any, signal?: AbortSignal}} [more]
 * @returns {Promise<Response>} of a status that is no error
 */
export async function request(path, { method, body, signal } = {}) {
  const key = sessionStorage.getItem(KEY);
  /** @type {Record<string, string>} */
  const headers = {};
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem("The server cannot be reached. It may have been stopped, or the network is away.");
  }
  if (response.ok) return response;
  if (response.status === 401) {
    // Several requests may find out at once: one question is enough, and a newer key is tried first.
    if (sessionStorage.getItem(KEY) === key) {
      asking ??= askForKey(key !== null).finally(() => { asking = null; });
      const given = await asking;
      if (given === null) throw new Problem("This server wants an API key.", 401);
      sessionStorage.setItem(KEY, given);
    }
    return request(path, { method, body, signal });
  }
  throw await problem(response);
}

/** @param {Response} response @returns {Promise<Problem>} */
async function problem(response) {
  const after = Number(response.headers.get("Retry-After")) || null;
  let said = null;
  try {
    const failed = await response.json();
    said = failed?.error?.message ?? null;
  } catch { /* not every error has a body */ }
  const text = typeof said === "string" && said ? sentence(said) : null;
  if (response.status === 429) return new Problem("Many people are asking just now.", 429, after ?? 1);
  if (response.status >= 500) {
    return new Problem(text ?? "Something went wrong on the server.", response.status, after);
  }
  return new Problem(text ?? `The server refused this (status ${response.status}).`, response.status, after);
}

/** @param {string} said */
function sentence(said) {
  const begun = said.charAt(0).toUpperCase() + said.slice(1);
  return /[.!?…»)]$/.test(begun) ? begun : `${begun}.`;
}

/**
 * A JSON answer.
 * @param {string} path @param {any} [body] sent by POST, if there is one
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function call(path, body, signal) {
  return (await request(path, { body, signal })).json();
}

/**
 * A streamed chat completion: its deltas, as they come.
 * @param {any} body @param {AbortSignal} signal
 * @returns {AsyncGenerator<any>}
 */
export async function* chat(body, signal) {
  const response = await request("/v1/chat/completions", { body: { ...body, stream: true }, signal });
  if (!response.body) throw new Problem("The server's answer is empty.");
  let ended = false;
  try {
    for await (const data of events(response.body)) {
      // Read on to the stream's end: a connection that is let go of before counts as broken off.
      ended ||= data === "[DONE]";
      if (ended) continue;
      const chunk = JSON.parse(data);
      if (chunk.error) throw new Problem(sentence(String(chunk.error.message ?? "the answer broke off")));
      const delta = chunk.choices?.[0]?.delta;
      if (delta) yield delta;
    }
  } catch (error) {
    if (signal.aborted || error instanceof Problem) throw error;
    throw new Problem("The connection broke in the middle of the answer.");
  }
  if (!ended && !signal.aborted) throw new Problem("The connection broke in the middle of the answer.");
}

/**
 * Something that a person did. The id makes it count once, however often it is sent.
 * @param {string} user @param {string} item @param {"view" | "click" | "like" | "dislike" | "purchase"} kind
 */
export function tell(user, item, kind) {
  const event = { event_id: fresh("page"), user, item_id: item, kind };
  return call("/v1/events", { events: [event] });
}

/** An id that nobody else has. @param {string} kind */
export function fresh(kind) {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `${kind}-${Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("")}`;
}
