// A file of a message being written: how far it is, what became of it, and what can be done about it.

import { h, icon } from "../common/dom.js";
import { thumbnail } from "./picture.js";
import type { Upload } from "./upload.js";
import { bytes, isPicture, type Attached } from "./wire.js";

export interface ChipActs {
  retry(): void;
  remove(): void;
  view(): void;
}

const REFUSED = new Set(["infected", "rejected"]);
export const isRefused = ({ state }: { state: string }): boolean => REFUSED.has(state);

const STATES: Record<string, string> = { pending: "Being checked…", error: "Waits for the virus check", clean: "" };

export class Chip {
  readonly element = h("li", { class: "file-chip" });
  private shown = "";
  private readonly bar = h("progress", { max: 1 });
  private readonly words = h("span", { class: "file-chip-words" });
  private readonly face = h("span", { class: "file-chip-face" }, icon("file"));

  constructor(
    private readonly name: string,
    private readonly size: number,
    private readonly acts: ChipActs,
  ) {
    this.bar.setAttribute("aria-label", `${name}, sent`);
  }

  /** While it is on its way. */
  uploading(upload: Upload): void {
    const { progress, reason } = upload;
    if (progress === "sending" || progress === "waiting") {
      this.bar.value = upload.share;
      this.words.textContent = `${Math.floor(upload.share * 100)} % of ${bytes(this.size)}`;
      this.draw("sending", [this.words, this.bar], [this.button("close", `Cancel ${this.name}`, this.acts.remove)]);
      return;
    }
    this.words.textContent = reason;
    const retry = h("button", { type: "button", class: "link", onclick: () => this.acts.retry() }, "Try again");
    if (progress === "stopped") this.draw("stopped", [this.words, retry], [this.button("close", `Remove ${this.name}`, this.acts.remove)]);
    else this.draw("refused", [this.words], [this.button("close", `Dismiss ${this.name}`, this.acts.remove)]);
  }

  /** Once it has arrived. */
  arrived(file: Attached): void {
    const refused = isRefused(file);
    this.words.textContent = refused ? (file.reason ?? "Not accepted") : STATES[file.state] || bytes(file.size);
    this.draw(refused ? "refused" : file.state, [this.words], [this.button("close", `Remove ${this.name}`, this.acts.remove)]);
    if (file.state !== "clean" || !isPicture(file) || this.face.dataset["of"] === file.id) return;
    this.face.dataset["of"] = file.id;
    this.face.replaceChildren(h("button", { type: "button", class: "file-chip-picture", "aria-label": `View ${this.name}`, onclick: () => this.acts.view() }, thumbnail(file)));
  }

  private draw(state: string, under: Node[], buttons: Node[]): void {
    if (this.shown === state) return;
    this.shown = state;
    this.element.dataset["state"] = state;
    const mark = state === "refused" || state === "stopped" ? icon("warn") : null;
    this.element.replaceChildren(this.face, h("span", { class: "file-chip-name", title: this.name }, this.name), h("span", { class: "file-chip-state", role: state === "sending" ? null : "status" }, mark, ...under), ...buttons);
  }

  private button(name: string, label: string, run: () => void): HTMLButtonElement {
    return h("button", { type: "button", class: "icon-button small", "aria-label": label, title: label, onclick: run }, icon(name));
  }
}
