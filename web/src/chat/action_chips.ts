// The quick actions as a row of chips above the composer: the built-in ones, the writer's own, the way to manage them.

import { Problem } from "../common/api.js";
import { byId, h, icon } from "../common/dom.js";
import type { MenuItem } from "../common/menu.js";
import { toast } from "../common/toast.js";
import { toolbar } from "../common/toolbar.js";
import type { Action } from "./action_words.js";
import { askFor, loadActions } from "./actions.js";
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

  /** What is offered for a gap of an action. */
  choices(id: string, gap: string): string[] {
    return this.actions.find((action) => action.id === id)?.variables.find(({ name }) => name === gap)?.choices ?? [];
  }

  /** Runs the action of this id, with these values or those the writer is asked for. */
  async act(id: string, values?: Record<string, string>): Promise<void> {
    if (!this.loaded) await this.load();
    const action = this.actions.find((one) => one.id === id);
    if (!action) return void toast("The quick actions could not be read. Try again when the server can be reached.");
    await this.run(action, values);
  }

  private async run(action: Action, given?: Record<string, string>): Promise<void> {
    if (!this.composer.ready) return void toast("The assistant is busy, or there is no model to ask. Try again in a moment.");
    if (action.selection === "required" && !this.composer.hasSelection) return void toast(`Select the passage that “${action.label}” should work on.`);
    const values = given ?? (await askFor(action));
    if (values && !this.composer.ready) return void toast("The assistant is busy by now. Try again in a moment.");
    if (values) await this.composer.act(action, values);
  }
}
