// Which model answers: the picker in the composer, remembered on this device.

import { api, Problem } from "../common/api.js";
import { h } from "../common/dom.js";
import { recall, remember } from "../common/kept.js";
import type { Choice, Model, Provider, Providers } from "./wire.js";

const KEY = "model";
/** Milliseconds until the models are asked for again. */
const AGAIN = 10_000;
const SEPARATOR = "\u0000";

const toValue = ({ provider, model }: Choice): string => provider + SEPARATOR + model;

function toChoice(value: string): Choice | null {
  const [provider, model] = value.split(SEPARATOR);
  return provider && model ? { provider, model } : null;
}

export class Models {
  private providers: Provider[] = [];
  private again = 0;

  constructor(private readonly select: HTMLSelectElement, private readonly changed: () => void) {
    select.addEventListener("change", () => {
      remember(KEY, select.value);
      changed();
    });
  }

  /** Fills the picker; `used` is what the conversation used last. */
  async load(used: Choice | null): Promise<void> {
    this.select.disabled = true;
    clearTimeout(this.again);
    try {
      const { items, default: standard } = await api<Providers>("GET", "/api/providers");
      this.providers = items;
      this.fill(this.select);
      const wanted = [toChoice(recall(KEY) ?? ""), used, standard];
      const choice = wanted.find((one) => one !== null && this.model(one) !== null) ?? this.first();
      if (choice) this.select.value = toValue(choice);
      else this.select.replaceChildren(h("option", {}, "No model is set up"));
      this.select.disabled = choice === null;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.select.replaceChildren(h("option", {}, "Models could not be loaded"));
      // Without one nothing can be asked. Offline, the network's return asks for them.
      if (navigator.onLine) this.again = window.setTimeout(() => void this.load(used), AGAIN);
    }
    this.changed();
  }

  get loaded(): boolean {
    return this.providers.length > 0;
  }

  choice(): Choice | null {
    const choice = toChoice(this.select.value);
    return choice && this.model(choice) ? choice : null;
  }

  choose(choice: Choice): void {
    if (!this.model(choice)) return;
    this.select.value = toValue(choice);
    remember(KEY, this.select.value);
    this.changed();
  }

  model({ provider, model }: Choice): Model | null {
    const found = this.providers.find((one) => one.id === provider && one.configured);
    return found?.models.find((one) => one.id === model) ?? null;
  }

  label(choice: Choice): string {
    const provider = this.providers.find((one) => one.id === choice.provider);
    return provider?.models.find((one) => one.id === choice.model)?.label ?? choice.model;
  }

  private first(): Choice | null {
    const provider = this.providers.find((one) => one.configured && one.models.length > 0);
    const model = provider?.models[0];
    return provider && model ? { provider: provider.id, model: model.id } : null;
  }

  /** A picker of its own, for asking again with another model. */
  copy(id: string): { select: HTMLSelectElement; choice: () => Choice | null } {
    const select = h("select", { id });
    this.fill(select);
    select.value = this.select.value;
    return { select, choice: () => toChoice(select.value) };
  }

  private fill(select: HTMLSelectElement): void {
    const groups = this.providers
      .filter(({ models }) => models.length > 0)
      .map((provider) => {
        const label = provider.configured ? provider.label : `${provider.label} (no key yet)`;
        const options = provider.models.map((model) => h("option", { value: toValue({ provider: provider.id, model: model.id }), disabled: !provider.configured }, model.label + (model.free ? " · free" : "")));
        return h("optgroup", { label }, ...options);
      });
    select.replaceChildren(...groups);
  }
}
