// Asking once more, with a model of one's choice.

import { openDialog } from "../common/dialog.js";
import { h } from "../common/dom.js";
import type { Models } from "./models.js";
import type { Choice, Message } from "./wire.js";

/** `go` is called with the model that was chosen. */
export function askAgainWith(message: Message, models: Models, go: (choice: Choice) => void): void {
  const { select, choice } = models.copy("again-model");
  const field = h("div", { class: "field" }, h("label", { for: "again-model" }, "Model"), select);
  const confirm = (): void => {
    const chosen = choice();
    dialog.close();
    if (chosen) go(chosen);
  };
  const note = message.turn?.mode === "ask" ? "The same question is asked again; both answers stay." : "The same request is sent again. Its result stands beside your text as a version, so that you can compare.";
  const dialog = openDialog("Ask again", [h("p", {}, note), field], [
    h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"),
    h("button", { type: "button", class: "button primary", onclick: confirm }, "Ask again"),
  ]);
}
