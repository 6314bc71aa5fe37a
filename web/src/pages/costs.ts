// The page of costs: the server renders it; here its table is sorted, and budgets, prices and months are set.

import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { byId, h } from "../common/dom.js";
import { onSubmit } from "../common/form.js";
import { count, dollars } from "../common/format.js";
import { toast } from "../common/toast.js";
import { askFor, change, each, given, renew } from "./costs_parts.js";
import { openGroups } from "./costs_groups.js";
import { openPrices } from "./costs_prices.js";
import { openReconciliations } from "./costs_reconciliations.js";
import { sortRows } from "./table_sort.js";

export function openCosts(): void {
  for (const select of document.querySelectorAll<HTMLSelectElement>(".cost-filters select")) select.addEventListener("change", () => select.form?.requestSubmit());
  const table = document.querySelector<HTMLTableElement>("#cost-table");
  if (table) sortRows(table);
  each("[data-remove]", (button) => change(() => api("DELETE", button.dataset["remove"] ?? "")));
  each("[data-close]", (button) => void closeMonth(button.dataset["close"] ?? ""));
  each("[data-reopen]", (button) => reopenMonth(button.dataset["reopen"] ?? ""));
  each("[data-centre]", setCentre);
  openGroups();
  openReconciliations();
  void tellMeasures();
  tellWhatHappened();
  if (document.getElementById("budget-form")) openBudgets();
  if (document.getElementById("price-form")) openPrices();
  const rate = document.querySelector<HTMLFormElement>("#rate-form");
  if (rate) onSubmit(rate, async () => void (await api("POST", "/api/costs/rates", given(rate)), await renew()));
}

function openBudgets(): void {
  const form = byId<HTMLFormElement>("budget-form");
  onSubmit(form, async () => {
    const { subject = "", ...budget } = given(form);
    const [name = "", id = ""] = subject.split("=");
    await api("POST", "/api/budgets", { ...budget, scope: name ? name.replace("_id", "") : "installation", ...(name ? { [name]: id } : {}) });
    await renew();
  });
}

async function closeMonth(month: string, accept = false): Promise<void> {
  try {
    await api("POST", `/api/costs/months/${month}/close`, { accept_unpriced: accept });
    location.reload();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code !== "month_unpriced") return void toast(error.message);
    const dialog = openDialog(
      `Close ${month}?`,
      [h("p", {}, error.message)],
      [
        h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Not yet"),
        h("button", { type: "button", class: "button primary", onclick: () => void closeMonth(month, true) }, "Close all the same"),
      ],
    );
  }
}

function reopenMonth(month: string): void {
  const why = h("input", { id: "asked-line", name: "reason", required: true, minlength: 3, maxlength: 500 });
  askFor(`Reopen ${month}`, "Why", why, "The reason is kept with the closing and in the audit log.", "Reopen", (given) => api("POST", `/api/costs/months/${month}/reopen`, given));
}

function setCentre(button: HTMLElement): void {
  const name = h("input", { id: "asked-line", name: "cost_centre", maxlength: 100, value: button.dataset["centreName"] ?? "" });
  askFor("Cost centre", "Name", name, "Leave it empty to book to no cost centre.", "Save", (given) => api("PUT", `/api/costs/centres/${button.dataset["centre"]}`, given));
}

interface Measures {
  accepted: number;
  rejected: number;
  pending: number;
  accepted_percent: string | null;
  words_kept: number;
  cost_per_1000_words_usd: string | null;
  given_up_usd: string;
  given_up_unpriced: number;
}

/** What came of it: asked for after the page is there, since it is counted from the turns and drafts themselves. */
async function tellMeasures(): Promise<void> {
  const numbers = document.getElementById("cost-numbers");
  if (!numbers) return;
  try {
    const { accepted, rejected, pending, accepted_percent, words_kept, cost_per_1000_words_usd, given_up_usd, given_up_unpriced } = await api<Measures>("GET", numbers.dataset["measures"] ?? "");
    const tell = (value: string, what: string, why: string): void => numbers.append(h("div", { class: "number", title: why }, h("dd", {}, value), h("dt", {}, what)));
    if (cost_per_1000_words_usd !== null && Number(cost_per_1000_words_usd) > 0)
      tell(dollars(cost_per_1000_words_usd), `per 1,000 words kept, ${count(words_kept, "word")}`, "What was booked to drafts, for each 1,000 words that stand in them now, whoever wrote them");
    if (accepted_percent !== null) tell(`${accepted_percent} %`, `of ${accepted + rejected} suggestions accepted${pending > 0 ? `, ${pending} open` : ""}`, "Of those accepted or rejected");
    if (Number(given_up_usd) > 0 || given_up_unpriced > 0)
      tell(dollars(given_up_usd), `on branches given up${given_up_unpriced > 0 ? `, ${given_up_unpriced} unpriced` : ""}`, "Spent on versions that neither the draft as it is nor a favourite branch came from");
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    toast(error.message);
  }
}

function tellWhatHappened(): void {
  const told = sessionStorage.getItem("costs.told");
  if (!told) return;
  sessionStorage.removeItem("costs.told");
  toast(told);
}
