// How much a rewrite may take away before the writer is asked: their own bound, or the server's where they set none.

import { Problem, api } from "../common/api.js";
import { byId, h } from "../common/dom.js";
import { onSubmit } from "../common/form.js";
import { toast } from "../common/toast.js";

interface LossBound {
  most_dropped_percent: number | null;
  installation_percent: number;
}

const meaning = (percent: number): string => (percent === 100 ? "You are never asked." : percent === 0 ? "You are asked whenever more than 20 words would go." : `You are asked when more than ${percent} % of the words would go.`);

export function openLossBound(): void {
  const form = byId<HTMLFormElement>("loss-bound-form");
  const input = byId<HTMLInputElement>("loss-bound-percent");
  const save = form.querySelector<HTMLButtonElement>("button[type=submit]")!;
  const problem = form.querySelector<HTMLElement>(".form-problem")!;

  function show(bound: LossBound): void {
    input.value = bound.most_dropped_percent === null ? "" : String(bound.most_dropped_percent);
    input.placeholder = String(bound.installation_percent);
    byId("loss-bound-hint").textContent = `Left empty, this server's ${bound.installation_percent} % holds. 0 asks every time, 100 never.`;
    form.setAttribute("aria-busy", "false");
    problem.hidden = true;
    save.disabled = input.disabled = false;
  }

  /** What is set is not known before it came: saving an empty field would take it back unseen. */
  async function load(): Promise<void> {
    save.disabled = input.disabled = true;
    try {
      show(await api<LossBound>("GET", "/api/me/loss-bound"));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem.replaceChildren(error.message, " ", h("button", { type: "button", class: "button small", onclick: () => void load() }, "Try again"));
      problem.hidden = false;
    }
  }

  onSubmit(form, async () => {
    const { value } = input;
    const percent = value === "" ? null : Number(value);
    const bound = await api<LossBound>("PUT", "/api/me/loss-bound", { most_dropped_percent: percent });
    if (input.value === value) show(bound);
    toast(`Saved. ${meaning(bound.most_dropped_percent ?? bound.installation_percent)}`);
  });
  void load();
}
