// The files of a message that was sent: pictures as pictures, others as what can be downloaded.

import { Problem } from "../common/api.js";
import { h, icon } from "../common/dom.js";
import { toast } from "../common/toast.js";
import { isRefused } from "./chip.js";
import { thumbnail } from "./picture.js";
import { viewPictures } from "./viewer.js";
import { bytes, download, isPicture, type Attached } from "./wire.js";

export function showFiles(files: Attached[], place: HTMLElement): void {
  const pictures = files.filter((file) => file.state === "clean" && isPicture(file));
  const rest = files.filter((file) => !pictures.includes(file));
  if (pictures.length > 0) place.append(h("div", { class: "pictures" }, ...pictures.map((picture) => framed(picture, pictures))));
  if (rest.length > 0) place.append(h("ul", { class: "file-chips" }, ...rest.map(named)));
}

function framed(picture: Attached, all: Attached[]): HTMLElement {
  return h("button", { type: "button", class: "picture", "aria-label": `View ${picture.name}`, onclick: () => viewPictures(all, picture.id) }, thumbnail(picture));
}

function named(file: Attached): HTMLElement {
  const words = file.state === "clean" ? bytes(file.size) : isRefused(file) ? (file.reason ?? "Not accepted") : file.state === "error" ? "Waits for the virus check" : "Being checked…";
  const inner = [h("span", { class: "file-chip-face" }, icon("file")), h("span", { class: "file-chip-name" }, file.name), h("span", { class: "file-chip-state" }, isRefused(file) && icon("warn"), words)];
  if (file.state !== "clean") return h("li", { class: "file-chip", "data-state": isRefused(file) ? "refused" : file.state }, ...inner);
  return h("li", {}, h("button", { type: "button", class: "file-chip", "data-state": "clean", "aria-label": `Download ${file.name}, ${bytes(file.size)}`, onclick: () => void save(file) }, ...inner, icon("export")));
}

async function save(file: Attached): Promise<void> {
  try {
    await download(file.id);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    toast(error.message);
  }
}
