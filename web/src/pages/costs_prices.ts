// Setting prices: the amounts, other ones for long inputs and service tiers, fees of tools, and tables of prices.

import { api } from "../common/api.js";
import { byId, h } from "../common/dom.js";
import { onSubmit } from "../common/form.js";
import { each, given, renew } from "./costs_parts.js";
import { attempt } from "./settings_parts.js";

interface Added {
  adjusted: number;
  adjusted_usd: string;
}

const TIER = ["above_input_tokens", "service_tier", "input_usd", "output_usd", "cache_read_usd", "cache_write_5m_usd", "cache_write_1h_usd"] as const;
const SERVICE_TIERS = ["priority", "flex", "batch", "scale"];
const TOOLS = ["web_search_requests", "web_fetch_requests", "code_execution_requests", "file_search_requests"];

export function openPrices(): void {
  const form = byId<HTMLFormElement>("price-form");
  byId("price-tiers").querySelector("[data-add-length]")?.addEventListener("click", () => addTier(false));
  byId("price-tiers").querySelector("[data-add-tier]")?.addEventListener("click", () => addTier(true));
  byId("price-fees").querySelector("[data-add-fee]")?.addEventListener("click", addFee);
  each("[data-price-model]", fillPrice);
  form.addEventListener("submit", number, { capture: true });
  onSubmit(form, async () => booked(await api<Added>("POST", "/api/prices", price(given(form)))));
  const file = byId<HTMLInputElement>("price-file");
  file.addEventListener("change", () => {
    const chosen = file.files?.[0];
    if (chosen) void attempt(async () => booked(await api<Added>("POST", "/api/prices/import", { csv: await chosen.text() })));
    file.value = "";
  });
}

function booked({ adjusted, adjusted_usd }: Added): Promise<never> {
  if (adjusted > 0) sessionStorage.setItem("costs.told", `${adjusted} unpriced ${adjusted === 1 ? "attempt" : "attempts"} got a price: $${adjusted_usd} booked as adjustments.`);
  return renew();
}

/** Takes over which model waits for a price. */
function fillPrice(button: HTMLElement): void {
  byId<HTMLDetailsElement>("price-details").open = true;
  byId<HTMLInputElement>("price-provider").value = button.dataset["priceProvider"] ?? "";
  byId<HTMLInputElement>("price-model").value = button.dataset["priceModel"] ?? "";
  byId<HTMLInputElement>("price-since").value = button.dataset["priceSince"] ?? "";
  byId<HTMLInputElement>("price-in").focus();
}

/** The form's fields as the price they say: those of tiers and fees are named by their place. */
function price(fields: Record<string, string>): unknown {
  const plain = Object.fromEntries(Object.entries(fields).filter(([name]) => !name.includes(".")));
  const tiers = lines("price-tiers").map((_, place) => {
    const tier = Object.fromEntries(TIER.flatMap((name) => (fields[`tiers.${place}.${name}`] ? [[name, fields[`tiers.${place}.${name}`]]] : [])));
    return { ...tier, above_input_tokens: Number(tier["above_input_tokens"] ?? 0) };
  });
  const tool_fees = lines("price-fees").map((_, place) => ({ tool: fields[`tool_fees.${place}.tool`], usd_per_1000: fields[`tool_fees.${place}.usd_per_1000`] }));
  return { ...plain, tiers, tool_fees };
}

const lines = (list: string): HTMLElement[] => [...byId(list).querySelectorAll<HTMLElement>(".price-line")];

/** Fields are named by their place in the list, as errors name them. */
function number(): void {
  for (const [list, name] of [["price-tiers", "tiers"], ["price-fees", "tool_fees"]] as const)
    for (const [place, line] of lines(list).entries())
      for (const input of line.querySelectorAll("input")) input.name = `${name}.${place}.${input.dataset["part"]}`;
}

let made = 0;

function field(part: string, label: string, attributes: Record<string, unknown> = {}): HTMLElement {
  const id = `price-more-${(made += 1)}`;
  const input = h("input", { id, autocomplete: "off", ...attributes });
  input.dataset["part"] = part;
  return h("div", { class: "field" }, h("label", { for: id }, label), input);
}

function addTier(service: boolean): void {
  const usd = { inputmode: "decimal" };
  addLine("price-tiers", service ? "Service tier" : "Long inputs", [
    ...(service ? [field("service_tier", "Service tier", { required: true, maxlength: 50, list: "price-service-tiers" })] : []),
    field("above_input_tokens", "Above, input tokens", { inputmode: "numeric", pattern: "[0-9]{1,10}", title: "A whole number of tokens", required: !service }),
    field("input_usd", "Input, USD", { ...usd, required: true }),
    field("output_usd", "Output, USD", { ...usd, required: true }),
    field("cache_read_usd", "From cache, USD", usd),
    field("cache_write_5m_usd", "Cache 5 min, USD", usd),
    field("cache_write_1h_usd", "Cache 1 h, USD", usd),
  ]);
}

function addFee(): void {
  addLine("price-fees", "Tool fee", [
    field("tool", "Tool, as the provider names it", { required: true, maxlength: 50, list: "price-tools" }),
    field("usd_per_1000", "Per 1,000 calls, USD", { inputmode: "decimal", required: true }),
  ]);
}

function addLine(list: string, what: string, fields: HTMLElement[]): void {
  suggest("price-service-tiers", SERVICE_TIERS);
  suggest("price-tools", TOOLS);
  const away = h("button", { type: "button", class: "button small", "aria-label": `Take this away: ${what}` }, "Take away");
  const line = h("div", { class: "price-line", role: "group", "aria-label": what }, ...fields, away);
  away.addEventListener("click", () => {
    line.remove();
    byId(list).querySelector("button")?.focus();
  });
  byId(list).querySelector(".button[data-add-length], .button[data-add-fee]")?.before(line);
  line.querySelector("input")?.focus();
}

function suggest(id: string, names: readonly string[]): void {
  if (!document.getElementById(id)) byId("price-form").append(h("datalist", { id }, ...names.map((value) => h("option", { value }))));
}
