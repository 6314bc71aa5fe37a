// The bar under the text while proposals wait: which one, to the next, what to do about it.

import { byId, h, icon } from "../common/dom.js";
import { menuButton } from "../common/menu.js";
import { toolbar } from "../common/toolbar.js";
import type { Hunk } from "./hunks.js";

export interface ReviewActs {
  step(by: 1 | -1): void;
  accept(): void;
  reject(): void;
  refine(): void;
  resuggest(): void;
  acceptAll(): void;
  rejectAll(): void;
  leave(): void;
}

export class ReviewBar {
  private readonly bar = byId("review-bar");
  private readonly place = h("span", { class: "review-place", "aria-live": "polite" });
  private readonly accept = this.button("Accept", () => this.acts.accept(), "primary", "Control+Alt+Enter");
  private readonly reject = this.button("Reject", () => this.acts.reject(), "", "Control+Alt+Backspace");
  private readonly refine = this.button("Refine…", () => this.acts.refine());
  private readonly resuggest = this.button("Suggest again", () => this.acts.resuggest(), "primary");
  private readonly all = h("span", { class: "review-all wide-only" }, this.button("Accept all", () => this.acts.acceptAll(), "quiet"), this.button("Reject all", () => this.acts.rejectAll(), "quiet"));

  constructor(private readonly acts: ReviewActs) {
    const more = h("button", { type: "button", class: "icon-button narrow-only", "aria-label": "All suggestions" }, icon("more"));
    menuButton(more, "All suggestions", () => [
      { label: "Accept all", run: acts.acceptAll },
      { label: "Reject all", run: acts.rejectAll },
    ]);
    this.bar.append(
      this.arrow("Previous suggestion", "Shift+F7", -1),
      this.place,
      this.arrow("Next suggestion", "F7", 1),
      h("span", { class: "review-acts" }, this.accept, this.resuggest, this.reject, this.refine),
      this.all,
      more,
    );
    toolbar(this.bar, acts.leave);
  }

  private button(label: string, run: () => void, look = "", keys?: string): HTMLButtonElement {
    return h("button", { type: "button", class: `button small ${look}`, onclick: run, "aria-keyshortcuts": keys }, label);
  }

  private arrow(label: string, keys: string, by: 1 | -1): HTMLButtonElement {
    const element = h("button", { type: "button", class: `icon-button ${by < 0 ? "" : "flipped"}`, "aria-label": label, title: label, "aria-keyshortcuts": keys, onclick: () => this.acts.step(by) }, icon("back"));
    return element;
  }

  /** `index` counts from 0; null while no suggestion is looked at. */
  show(all: readonly Hunk[], index: number | null, busy: boolean): void {
    const focused = this.bar.contains(document.activeElement);
    this.bar.hidden = all.length === 0;
    if (all.length === 0) {
      if (focused) this.acts.leave();
      return;
    }
    const current = index === null ? null : all[index];
    const stale = current?.state === "stale";
    this.bar.classList.toggle("stale", stale);
    const [text, short] = index === null ? [`${all.length} ${all.length === 1 ? "suggestion" : "suggestions"}`, `${all.length} open`] : [`${index + 1} of ${all.length}`];
    // Said again only when it changed.
    if (this.place.dataset["said"] !== text) {
      this.place.dataset["said"] = text ?? "";
      this.place.replaceChildren(...(short ? [h("span", { class: "wide-only" }, text ?? ""), h("span", { class: "narrow-only" }, short)] : [text ?? ""]));
    }
    this.place.title = stale ? "The words this would change were changed meanwhile." : "";
    this.accept.hidden = stale;
    this.refine.hidden = stale;
    this.resuggest.hidden = !stale;
    this.reject.textContent = stale ? "Dismiss" : "Reject";
    for (const one of this.bar.querySelectorAll<HTMLButtonElement>(".review-acts button, .review-all button")) one.disabled = busy;
  }
}
