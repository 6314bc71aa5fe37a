// Words that only this device has because the server would not take them: told above the list, to be copied or let go.

import { copyText } from "../common/copy.js";
import { openDialog } from "../common/dialog.js";
import { byId, h } from "../common/dom.js";
import { ago, count } from "../common/format.js";
import type { ParkedRecord } from "../sync/device_store.js";

export class KeptHere {
  private readonly place = byId("kept-here");
  private words: ParkedRecord[] = [];

  constructor(private readonly letGo: (id: string) => Promise<void>) {}

  show(words: ParkedRecord[]): void {
    this.words = words;
    this.place.hidden = words.length === 0;
    if (words.length === 0) return;
    const text = `${count(words.length, "change")} could not be saved and ${words.length === 1 ? "is" : "are"} kept on this device only.`;
    this.place.replaceChildren(h("span", { class: "grow" }, text), h("button", { type: "button", class: "button small", onclick: () => this.open() }, "Look at them"));
  }

  private open(): void {
    openDialog("Kept on this device", this.words.map((words) => this.card(words)), [], { onclose: () => this.show(this.words) });
  }

  private card(words: ParkedRecord): HTMLElement {
    const text = words.inserted || words.text;
    const forget = async (): Promise<void> => {
      await this.letGo(words.id);
      this.words = this.words.filter((other) => other !== words);
      card.remove();
    };
    const card = h(
      "section",
      { class: "stack kept-card" },
      h("p", { class: "hint" }, `${ago(new Date(words.at).toISOString())}: ${words.reason}`),
      h("div", { class: "kept" }, text || "(only deletions)"),
      h(
        "div",
        { class: "chips" },
        h("button", { type: "button", class: "button small", onclick: () => void copyText(text) }, "Copy"),
        words.text !== text && h("button", { type: "button", class: "button small", onclick: () => void copyText(words.text) }, "Copy the whole text"),
        h("a", { class: "button small", href: `/drafts/${words.draftId}` }, "Open the draft"),
        h("button", { type: "button", class: "button small quiet", onclick: () => void forget() }, "Let it go"),
      ),
    );
    return card;
  }
}
