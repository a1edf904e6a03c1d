// A picture to search with: chosen, dropped or pasted. It is made small here, which also leaves behind what a camera
// writes into its files: where and when.

import { announce, at } from "./dom.js";

const [LONGEST, QUALITY, LARGEST] = [768, 0.9, 40_000_000];
const KINDS = ["image/png", "image/jpeg", "image/webp"];

/** @type {string | null} */
let attached = null;

/** @param {(sentence: string) => void} complain */
export function begin(complain) {
  const take = async (/** @type {File | null | undefined} */ file) => {
    if (!file) return;
    try {
      show(await read(file));
      announce("Picture attached. Say what should be different, or send.");
      at("box").focus();
    } catch (error) {
      complain(error instanceof Sentence ? error.message : "That picture cannot be read. Try a PNG, JPEG or WebP file.");
    }
  };
  at("attach").addEventListener("click", () => at("file").click());
  at("file").addEventListener("change", () => {
    take(at("file").files[0]);
    at("file").value = "";
  });
  at("detach").addEventListener("click", () => {
    detach();
    at("box").focus();
  });
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    take(file);
  });
  const carries = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    at("drop").hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) at("drop").hidden = true;
  });
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    at("drop").hidden = true;
    take(event.dataTransfer?.files[0]);
  });
}

class Sentence extends Error {}

/** As a data: address. @param {File} file @returns {Promise<string>} */
async function read(file) {
  if (!KINDS.includes(file.type)) throw new Sentence("Only PNG, JPEG and WebP pictures can be searched with.");
  if (file.size > LARGEST) throw new Sentence("That picture is larger than 40 MB. Try a smaller one.");
  const whole = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST / Math.max(whole.width, whole.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(whole.width * scale));
  canvas.height = Math.max(1, Math.round(whole.height * scale));
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(whole, 0, 0, canvas.width, canvas.height);
  whole.close();
  // A drawing stays sharp as PNG; a photograph would be needlessly large.
  const kind = file.type === "image/png" ? "image/png" : "image/jpeg";
  return canvas.toDataURL(kind, QUALITY);
}

/** @param {string} address */
function show(address) {
  attached = address;
  at("attached-picture").src = address;
  at("attached").hidden = false;
  at("box").placeholder = "but in red …";
}

/** The picture that waits to be sent, as a data: address. */
export const waiting = () => attached;

/** Let go of it. */
export function detach() {
  attached = null;
  at("attached").hidden = true;
  at("attached-picture").removeAttribute("src");
  at("box").placeholder = at("box").dataset.says;
}
