// Before they are sent: which alternatives, and what all of them take together.

import type { Order } from "../chat/composer.js";
import { estimateText } from "../chat/facts.js";
import type { Models } from "../chat/models.js";
import type { Estimate } from "../chat/wire.js";
import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { h, icon } from "../common/dom.js";
import { FEWEST, FIRST, LENGTHS, MOST, TONES, variantOf, type Wish } from "./variants.js";
import type { Variant } from "./wire.js";

const picker = (wishes: Wish[], chosen: string, label: string): HTMLSelectElement => {
  const select = h("select", { "aria-label": label }, ...wishes.map((wish) => h("option", { value: wish.value }, wish.label)));
  select.value = chosen;
  return select;
};

interface Line {
  element: HTMLElement;
  variant(): Variant | null;
}

/** Asks which alternatives; `go` starts them and says whether they run. */
export function chooseVariants(draftId: string, order: Order, models: Models, go: (variants: Variant[]) => Promise<boolean>): void {
  const lines: Line[] = [];
  const list = h("div", { class: "variant-list" });
  const sum = h("output", { class: "estimate grow", "aria-live": "polite" });
  const more = h("button", { type: "button", class: "button small", onclick: () => add() }, icon("plus"), "Another one");
  const start = h("button", { type: "button", class: "button primary", onclick: () => void send() }, "Start");
  let asking = new AbortController();
  let starting = false;

  function add(): void {
    const number = (made += 1);
    const [length, tone] = FIRST[Math.min(number, FIRST.length) - 1] as [string, string];
    const { select: model, choice } = models.copy(`variant-model-${number}`);
    model.setAttribute("aria-label", "Model");
    const [lengths, tones] = [picker(LENGTHS, length, "Length"), picker(TONES, tone, "Tone")];
    const away = h("button", { type: "button", class: "icon-button", "aria-label": "Take this one away", onclick: () => remove(line) }, icon("close"));
    const fields = [model, lengths, tones].map((select) => h("div", { class: "field" }, select));
    const line: Line = {
      element: h("div", { class: "variant", role: "group", "aria-label": `Alternative ${number}` }, ...fields, away),
      variant: () => {
        const chosen = choice();
        return chosen && { ...chosen, ...variantOf(lengths.value, tones.value, order.mode, models.label(chosen)) };
      },
    };
    line.element.addEventListener("change", () => void estimate());
    lines.push(line);
    list.append(line.element);
    changed();
  }

  function remove(line: Line): void {
    lines.splice(lines.indexOf(line), 1);
    line.element.remove();
    changed();
    more.focus();
  }

  function changed(): void {
    more.hidden = lines.length >= MOST;
    for (const button of list.querySelectorAll<HTMLButtonElement>(".icon-button")) button.hidden = lines.length <= FEWEST;
    void estimate();
  }

  const wanted = (): Variant[] => lines.map((line) => line.variant()).filter((variant) => variant !== null);

  async function estimate(): Promise<void> {
    asking.abort();
    asking = new AbortController();
    const variants = wanted();
    start.disabled = starting || variants.length < FEWEST;
    if (start.disabled) return;
    try {
      const answer = await api<Estimate>("POST", `/api/drafts/${draftId}/alternatives/estimate`, { ...order, variants }, { signal: asking.signal });
      start.disabled = starting || answer.fits === false;
      sum.textContent = answer.fits === false ? "Too long for one of these models" : `Together ${estimateText(answer, answer.free ?? false)}`;
    } catch (error) {
      if (error instanceof Problem) sum.textContent = error.message;
    }
  }

  async function send(): Promise<void> {
    if (starting) return;
    starting = start.disabled = true;
    if (await go(wanted()).finally(() => (starting = start.disabled = false))) dialog.close();
  }

  let made = 0;
  add();
  add();
  const note = h("p", {}, "They are written at the same time, from the same text. None goes into the text until you take it; each is kept as a version.");
  const dialog = openDialog("Compare alternatives", [note, list, h("div", {}, more)], [sum, h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"), start], { wide: true });
}
