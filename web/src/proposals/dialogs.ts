// What is asked before a suggestion is made anew, or a rewrite takes much away.

import type { Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { h } from "../common/dom.js";
import type { Hunk } from "./hunks.js";

export interface Refinement {
  /** What the model should do differently. */
  prompt?: string;
  /** The writer's own words instead. */
  value?: string;
}

/** `act` carries the answer out: null once that is done, else why not. Until then what was written stays. */
export function refineDialog(hunk: Hunk, act: (answer: Refinement) => Promise<string | null>): void {
  const prompt = h("input", { id: "refine-prompt", maxlength: 2_000, autocomplete: "off", placeholder: "Shorter, and keep the name" });
  const own = h("textarea", { id: "refine-value", rows: 5 });
  own.value = hunk.text;
  const problem = h("p", { class: "field-error", role: "alert", hidden: true });
  const again = h("button", { type: "button", class: "button primary", onclick: () => ask() }, "Ask again");
  const accept = h("button", { type: "button", class: "button", onclick: () => void done({ value: own.value }) }, "Accept my words");
  const busy = (on: boolean): void => void (again.disabled = accept.disabled = on);
  const done = async (chosen: Refinement): Promise<void> => {
    if (accept.disabled) return;
    busy(true);
    const why = await act(chosen).finally(() => busy(false));
    problem.textContent = why;
    problem.hidden = !why;
    if (why === null) dialog.close();
  };
  const ask = (event?: Event): void => {
    event?.preventDefault();
    if (prompt.value.trim()) void done({ prompt: prompt.value.trim() });
    else prompt.focus();
  };
  const form = h("form", { novalidate: true }, h("div", { class: "field" }, h("label", { for: "refine-prompt" }, "What should be different?"), prompt));
  form.addEventListener("submit", ask);
  const dialog = openDialog(
    "Refine this suggestion",
    [form, again, h("hr", { class: "or" }), h("div", { class: "field" }, h("label", { for: "refine-value" }, "Or write it yourself"), own), problem],
    [h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"), accept],
  );
}

const named = (problem: Problem, key: string): string[] => (Array.isArray(problem.values[key]) ? problem.values[key].map(String) : []);

export const dropped = (problem: Problem): string[] => named(problem, "dropped");

/** Shows which locked paragraphs keep an alternative out of the text. */
export function lockedInTheWay(problem: Problem): void {
  const list = h("ul", { class: "losses kept" }, ...named(problem, "locked").map((text) => h("li", {}, text)));
  const dialog = openDialog(
    "A locked paragraph is in the way",
    [h("p", {}, "This would change what you have locked, so nothing was taken. Unlock it in the text first, or choose passages that leave it as it is."), list],
    [h("button", { type: "button", class: "button primary", onclick: () => dialog.close() }, "Back to the alternatives")],
  );
}

/** Shows what a rewrite would take away; true when the writer wants it nevertheless. */
export function confirmLosses(paragraphs: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    let sure = false;
    const go = (): void => {
      sure = true;
      dialog.close();
    };
    const list = h("ul", { class: "losses" }, ...paragraphs.map((text) => h("li", {}, text)));
    const dialog = openDialog(
      "This takes a lot away",
      [h("p", {}, "These paragraphs would leave your text. They stay in its versions, and one undo brings them back."), list, h("p", { class: "hint" }, h("a", { href: "/settings#loss-bound" }, "Choose when you are asked"))],
      [h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Keep my text"), h("button", { type: "button", class: "button danger", onclick: go }, "Apply it")],
      { onclose: () => resolve(sure) },
    );
  });
}
