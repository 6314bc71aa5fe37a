// Comparing a provider's export with the ledger: the file goes to the server, the lines are shown in a dialog.

import { api } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { byId, h } from "../common/dom.js";
import { onSubmit } from "../common/form.js";
import { each, given, renew } from "./costs_parts.js";
import { attempt } from "./settings_parts.js";

interface Line {
  day: string;
  model: string;
  state: "matched" | "differing" | "missing_here" | "missing_there";
  input_tokens_here: number | null;
  input_tokens_there: number | null;
  output_tokens_here: number | null;
  output_tokens_there: number | null;
  cost_usd_here: string | null;
  cost_usd_there: string | null;
  about: string[];
}

interface Reconciliation {
  id: string;
  provider: string;
  from: string;
  to: string;
  matched: number;
  lines: Line[];
}

const STATES: Record<Line["state"], string> = { matched: "agrees", differing: "differs", missing_here: "missing here", missing_there: "missing there" };
const MOST_SHOWN = 300;

export function openReconciliations(): void {
  each("[data-reconciliation]", (button) => void attempt(() => show(button.dataset["reconciliation"] ?? "")));
  const form = document.querySelector<HTMLFormElement>("#reconcile-form");
  if (!form) return;
  onSubmit(form, async () => {
    const file = byId<HTMLInputElement>("reconcile-file").files?.[0];
    const made = await api<Reconciliation>("POST", "/api/costs/reconciliations", { ...given(form), csv: (await file?.text()) ?? "", file_name: file?.name ?? "" });
    sessionStorage.setItem("costs.reconciled", made.id);
    await renew();
  });
  const made = sessionStorage.getItem("costs.reconciled");
  sessionStorage.removeItem("costs.reconciled");
  if (made) void attempt(() => show(made));
}

async function show(id: string): Promise<void> {
  const { provider, from, to, lines, matched } = await api<Reconciliation>("GET", `/api/costs/reconciliations/${id}`);
  const shown = lines.slice(0, MOST_SHOWN);
  const head = ["Day", "Model", "State", "In, here", "In, there", "Out, here", "Out, there", "USD, here", "USD, there"];
  const table = h(
    "table",
    { class: "cost-table small" },
    h("thead", {}, h("tr", {}, ...head.map((name, index) => h("th", { scope: "col", class: index > 2 ? "num" : "" }, name)))),
    h("tbody", {}, ...shown.map(row)),
  );
  const left = lines.length - shown.length;
  const summary = matched === lines.length ? `All ${lines.length} lines agree.` : `${lines.length - matched} of ${lines.length} lines need a look; they come first.`;
  const body = [
    h("p", {}, summary),
    h("div", { class: "cost-scroll", tabindex: "0", role: "region", "aria-label": "The comparison as a table" }, table),
    ...(left > 0 ? [h("p", { class: "hint" }, `${left} more lines are in the CSV.`)] : []),
  ];
  openDialog(`${provider}, ${from} to ${to}`, body, [], { wide: true });
}

function row(line: Line): HTMLElement {
  const number = (value: number | null): string => (value === null ? "–" : value.toLocaleString("en"));
  const money = (value: string | null): string => value ?? "–";
  const cell = (text: string, about: string): HTMLElement => h("td", { class: line.about.includes(about) ? "num differs" : "num" }, text);
  return h(
    "tr",
    { class: `reconciled-${line.state}` },
    h("th", { scope: "row" }, line.day),
    h("td", {}, line.model),
    h("td", {}, line.state === "matched" ? STATES.matched : h("span", { class: "tag warn" }, STATES[line.state])),
    cell(number(line.input_tokens_here), "input"),
    cell(number(line.input_tokens_there), "input"),
    cell(number(line.output_tokens_here), "output"),
    cell(number(line.output_tokens_there), "output"),
    cell(money(line.cost_usd_here), "amount"),
    cell(money(line.cost_usd_there), "amount"),
  );
}
