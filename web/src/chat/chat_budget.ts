// The budgets of one chat, for administrators: what is used of each, and setting or removing one.

import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { byId, h } from "../common/dom.js";
import { onSubmit, values } from "../common/form.js";
import { dollars } from "../common/format.js";
import { toast } from "../common/toast.js";

interface Budget {
  id: string;
  conversation_id: string | null;
  period: "day" | "month";
  soft_usd: string | null;
  hard_usd: string | null;
  spent_usd: string;
  reserved_usd: string;
  used_percent: number;
}

export interface ChatBudgetLinks {
  conversationId(): string | null;
  /** What may be sent is another amount now. */
  changed(): void;
}

export class ChatBudget {
  private readonly list = document.getElementById("chat-budgets");

  /** The page has the part for those who may set budgets. */
  constructor(private readonly links: ChatBudgetLinks) {
    if (!this.list) return;
    byId("chat-budget-set").addEventListener("click", () => this.ask());
    byId("context-panel").addEventListener("toggle", (event) => {
      if ((event.target as HTMLDetailsElement).open) void this.load();
    });
  }

  private async load(): Promise<void> {
    const chat = this.links.conversationId();
    try {
      const { items } = chat ? await api<{ items: Budget[] }>("GET", "/api/budgets") : { items: [] };
      const budgets = items.filter((budget) => budget.conversation_id === chat);
      this.list?.replaceChildren(...(budgets.length > 0 ? budgets.map((budget) => this.row(budget)) : [h("li", { class: "hint" }, "This chat has no budget of its own.")]));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.list?.replaceChildren(h("li", { class: "hint" }, error.message));
    }
  }

  private row(budget: Budget): HTMLElement {
    const limit = dollars(budget.hard_usd ?? budget.soft_usd ?? "0");
    const reserved = Number(budget.reserved_usd) > 0 ? `, ${dollars(budget.reserved_usd)} reserved` : "";
    const remove = h("button", { type: "button", class: "button small", "aria-label": `Remove this chat’s budget for a ${budget.period}`, onclick: () => void this.remove(budget.id) }, "Remove");
    return h(
      "li",
      { class: "chat-budget" },
      h("span", {}, `${dollars(budget.spent_usd)} of ${limit} used this ${budget.period}${reserved}${budget.hard_usd === null ? ", warns only" : ""}`),
      h("meter", { class: "meter", min: 0, max: 100, value: Math.min(100, budget.used_percent), "aria-label": `${budget.used_percent} % used` }),
      remove,
    );
  }

  private async remove(id: string): Promise<void> {
    try {
      await api("DELETE", `/api/budgets/${id}`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      toast(error.message);
    }
    await this.load();
    this.links.changed();
  }

  private ask(): void {
    const chat = this.links.conversationId();
    if (!chat) return void toast("A chat begins with its first message; then it can have a budget.");
    const amount = (id: string, name: string, label: string): HTMLElement =>
      h("div", { class: "field" }, h("label", { for: id }, label), h("input", { id, name, inputmode: "decimal", autocomplete: "off" }));
    const form = h(
      "form",
      { class: "stack", id: "chat-budget-form", novalidate: true },
      h("div", { class: "form-problem", role: "alert", hidden: true }),
      h("div", { class: "field" }, h("label", { for: "chat-budget-period" }, "Each"), h("select", { id: "chat-budget-period", name: "period" }, h("option", { value: "month" }, "Month"), h("option", { value: "day" }, "Day"))),
      amount("chat-budget-soft", "soft_usd", "Warn from, USD"),
      amount("chat-budget-hard", "hard_usd", "Refuse from, USD"),
      h("p", { class: "hint" }, "A message that could cost more than is left is refused before it is sent. Months and days are UTC."),
    );
    onSubmit(form, async () => {
      const limits = Object.fromEntries(Object.entries(values(form)).filter(([, value]) => value !== ""));
      await api("POST", "/api/budgets", { ...limits, scope: "conversation", conversation_id: chat });
      dialog.close();
      await this.load();
      this.links.changed();
    });
    const dialog = openDialog("Budget of this chat", [form], [
      h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "submit", class: "button primary", form: "chat-budget-form" }, "Set budget"),
    ]);
  }
}
