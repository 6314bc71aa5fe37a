// The quick actions as a row of chips above the composer: the built-in ones, the writer's own, the way to manage them.

import { Problem } from "../common/api.js";
import { byId, h, icon } from "../common/dom.js";
import type { MenuItem } from "../common/menu.js";
import { toast } from "../common/toast.js";
import { toolbar } from "../common/toolbar.js";
import { askFor, loadActions, type Action } from "./actions.js";
import type { Composer } from "./composer.js";

export class ActionChips {
  private readonly bar = byId("action-chips");
  private actions: Action[] = [];

  constructor(private readonly composer: Composer) {}

  async load(): Promise<void> {
    try {
      this.actions = await loadActions();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // Without them everything can still be asked in words; the next refresh tries again.
      return;
    }
    const manage = h("a", { class: "chip", href: "/settings#actions", "aria-label": "Your own actions", title: "Your own actions" }, icon("settings"));
    this.bar.replaceChildren(...this.actions.map((action) => h("button", { type: "button", class: `chip${action.builtin ? "" : " own"}`, onclick: () => void this.run(action) }, action.label)), manage);
    this.bar.hidden = false;
    toolbar(this.bar, () => this.composer.focus());
  }

  get loaded(): boolean {
    return this.actions.length > 0;
  }

  /** For the selected passage: all that can work on one and have no button there. */
  items(except: readonly string[]): MenuItem[] {
    return this.actions.filter(({ id, selection }) => selection !== "none" && !except.includes(id)).map((action) => ({ label: action.label, run: () => void this.run(action) }));
  }

  private async run(action: Action): Promise<void> {
    if (!this.composer.ready) return void toast("The assistant is busy, or there is no model to ask. Try again in a moment.");
    if (action.selection === "required" && !this.composer.hasSelection) return void toast(`Select the passage that “${action.label}” should work on.`);
    const values = await askFor(action);
    if (values) await this.composer.act(action, values);
  }
}
