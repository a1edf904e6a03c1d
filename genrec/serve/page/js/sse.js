// Server-sent events out of a response's body. EventSource cannot send a POST, so they are read here.

/**
 * The data of each event, to the end of the stream.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<string>}
 */
export async function* events(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let waiting = "";
  /** @type {string[]} */
  let data = [];
  let ended = false;
  try {
    while (true) {
      const { value, done } = await reader.read();
      waiting += decoder.decode(value, { stream: !done });
      const lines = waiting.split(/\r\n|\n|\r(?!$)/);
      waiting = done ? "" : (lines.pop() ?? "");
      for (const line of lines) {
        if (line === "") {
          if (data.length) yield data.join("\n");
          data = [];
        } else if (line.startsWith("data:")) {
          data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
        }
      }
      ended = done;
      if (done) return;
    }
  } finally {
    // Whoever listens no longer lets go of the connection; one that has ended is left to end in peace.
    if (!ended) reader.cancel().catch(() => {});
  }
}
