// The activity of a draft: sittings on one side, the draft at any moment on the other.

import { MomentView } from "../activity/moment.js";
import { author, deeds, duration, sentence, type Sitting } from "../activity/tell.js";
import { api, Problem } from "../common/api.js";
import { byId, h, isMod, isTyping, meta, pageData } from "../common/dom.js";
import { ago, count, day, time } from "../common/format.js";

interface Page {
  items: Sitting[];
  head: number;
  next: number | null;
}

interface Numbers {
  words: number;
  autosaves: number;
  manual_saves: number;
  conflicts: number;
  seconds_spent: number;
  devices: { device: string; saves: number; last_at: string }[];
  saved_at: string;
}

export function openActivity(): void {
  const { draft } = pageData<{ draft: { id: string; kind: string; seq: number; open: boolean } }>();
  const log = new Log(draft.id, new MomentView(draft));
  void log.open();
}

class Log {
  private readonly list = byId<HTMLOListElement>("sittings");
  private readonly earlier = byId<HTMLButtonElement>("earlier");
  private readonly account = meta("account");
  private next: number | null = null;
  private day = "";
  private asking = new AbortController();

  constructor(private readonly draftId: string, private readonly moment: MomentView) {
    for (const id of ["who", "what"]) byId(id).addEventListener("change", () => void this.load(null));
    this.earlier.addEventListener("click", () => void this.load(this.next));
    document.addEventListener("draftloom:brought-back", () => void this.open());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  async open(): Promise<void> {
    await Promise.all([this.load(null), this.count()]);
  }

  private async load(before: number | null): Promise<void> {
    const query = new URLSearchParams();
    for (const id of ["who", "what"]) {
      const { value } = byId<HTMLSelectElement>(id);
      if (value) query.set(id, value);
    }
    if (before !== null) query.set("before", String(before));
    const problem = byId("log-problem");
    this.asking.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.list.setAttribute("aria-busy", "true");
    try {
      const page = await api<Page>("GET", `/api/drafts/${this.draftId}/activity?${query}`, undefined, { signal });
      problem.hidden = true;
      if (before === null) {
        this.list.replaceChildren();
        this.day = "";
      }
      this.next = page.next;
      this.earlier.hidden = page.next === null;
      for (const sitting of page.items) this.add(sitting);
      if (!this.list.hasChildNodes()) this.list.append(h("li", { class: "nothing" }, page.next === null ? "Nothing of this sort happened." : "Nothing of this sort happened lately."));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      problem.replaceChildren(h("span", { class: "grow" }, error.message), h("button", { type: "button", class: "button small", onclick: () => void this.load(before) }, "Try again"));
      problem.hidden = false;
    } finally {
      if (!signal.aborted) this.list.setAttribute("aria-busy", "false");
    }
  }

  private add(sitting: Sitting): void {
    const today = day(sitting.ended_at);
    if (today !== this.day) this.list.append(h("li", { class: "sitting-day" }, today));
    this.day = today;
    const { started_at: from, ended_at: to } = sitting;
    const span = time(from) === time(to) ? time(to) : `${time(from)} – ${time(to)}`;
    const who = author(sitting, this.account);
    const more = [sitting.device, sitting.saves > 1 && count(sitting.saves, "save"), duration(sitting.seconds)].filter(Boolean).join(" · ");
    const told = deeds(sitting);
    const text = told[0]?.startsWith("It ") ? sentence(told) : `${who} ${sentence(told)}`;
    const button = h("button", { type: "button", class: "sitting", "data-kind": sitting.actor.kind, onclick: () => this.choose(button, sitting) }, h("span", { class: "sitting-time" }, span), h("span", { class: "sitting-text" }, text), more && h("span", { class: "sitting-more" }, more));
    this.list.append(h("li", {}, button));
  }

  private choose(button: HTMLElement, { to_seq }: Sitting): void {
    for (const other of this.list.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
    button.setAttribute("aria-current", "true");
    this.moment.go(to_seq);
  }

  private async count(): Promise<void> {
    const numbers = await api<Numbers>("GET", `/api/drafts/${this.draftId}/stats`).catch(() => null);
    if (numbers === null) return;
    const number = (value: string, label: string): HTMLElement => h("div", { class: "number" }, h("dt", {}, label), h("dd", {}, value));
    byId("numbers").replaceChildren(
      number(duration(numbers.seconds_spent) || "0 min", "time spent"),
      number(numbers.words.toLocaleString("en"), "words"),
      number((numbers.autosaves + numbers.manual_saves).toLocaleString("en"), `saves, last ${ago(numbers.saved_at)}`),
      number(String(Math.max(1, numbers.devices.length)), numbers.devices.length > 1 ? "devices" : "device"),
    );
  }

  private key(event: KeyboardEvent): void {
    if (isTyping(event.target) || isMod(event) || event.altKey || document.querySelector("dialog[open]")) return;
    const step = { j: 1, k: -1 }[event.key.toLowerCase()];
    if (step === undefined) return;
    const all = [...this.list.querySelectorAll<HTMLElement>(".sitting")];
    const at = all.findIndex((sitting) => sitting.getAttribute("aria-current") === "true");
    const to = all[Math.max(0, Math.min(all.length - 1, at + step))];
    event.preventDefault();
    to?.click();
    to?.focus();
  }
}
