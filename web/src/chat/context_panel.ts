// What goes along with every message: the chat's instructions and the draft's references, each with what it takes.

import { api, Problem } from "../common/api.js";
import { askText, openDialog } from "../common/dialog.js";
import { byId, h, icon } from "../common/dom.js";
import { count, price, tokens } from "../common/format.js";
import { toast } from "../common/toast.js";
import type { Choice } from "./wire.js";

interface Reference {
  id: string;
  title: string;
  tokens: number;
  cost_usd: string | null;
  enabled: boolean;
}

interface References {
  items: Reference[];
  tokens: number;
  cost_usd: string | null;
}

export interface ContextLinks {
  choice(): Choice | null;
  free(): boolean;
  conversationId(): string | null;
  /** A conversation was begun to keep the instructions. */
  began(id: string): void;
  /** Something goes along that did not, or no longer does. */
  changed(): void;
}

const FILES = ".md,.markdown,.txt,.docx,.html,.htm,.pdf";

export class ContextPanel {
  private readonly panel = byId<HTMLDetailsElement>("context-panel");
  private readonly summary = byId("context-summary");
  private readonly instructions = byId<HTMLTextAreaElement>("instructions");
  private readonly list = byId("reference-list");
  private readonly file = byId<HTMLInputElement>("reference-file");
  private kept = "";
  private references: References = { items: [], tokens: 0, cost_usd: null };

  constructor(private readonly draftId: string, private readonly links: ContextLinks) {
    this.file.accept = FILES;
    byId("instructions-save").addEventListener("click", () => void this.saveInstructions());
    byId("reference-pick").addEventListener("click", () => this.file.click());
    byId("reference-paste").addEventListener("click", () => this.pasteText());
    this.file.addEventListener("change", () => {
      void this.addFiles([...(this.file.files ?? [])]).then(() => (this.file.value = ""));
    });
    this.panel.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      this.panel.classList.add("dropping");
    });
    this.panel.addEventListener("dragleave", () => this.panel.classList.remove("dropping"));
    this.panel.addEventListener("drop", (event) => {
      event.preventDefault();
      this.panel.classList.remove("dropping");
      void this.addFiles([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** The instructions as the server has them; what is being written here is left alone. */
  show(instructions: string): void {
    if (this.instructions.value === this.kept) this.instructions.value = instructions;
    this.kept = instructions;
    this.sum();
  }

  async load(): Promise<void> {
    const choice = this.links.choice();
    const query = choice ? `?${new URLSearchParams({ provider: choice.provider, model: choice.model })}` : "";
    try {
      this.references = await api<References>("GET", `/api/drafts/${this.draftId}/references${query}`);
      const rows = this.references.items.map((one) => this.row(one));
      this.list.replaceChildren(...(rows.length > 0 ? rows : [h("li", { class: "nothing" }, "Notes, sources or examples the assistant may draw on. Drop files here.")]));
      this.sum();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const again = h("button", { type: "button", class: "button small", onclick: () => void this.load() }, "Try again");
      this.list.replaceChildren(h("li", { class: "notice" }, h("span", { class: "grow" }, error.message), again));
    }
  }

  private sum(): void {
    const on = this.references.items.filter(({ enabled }) => enabled).length;
    const parts = [this.kept && "instructions", on > 0 && `${count(on, "reference")} · ≈${tokens(this.references.tokens)} tokens`];
    this.summary.textContent = parts.filter(Boolean).join(", ") || "nothing else yet";
  }

  private row(one: Reference): HTMLElement {
    const free = this.links.free();
    const facts = `≈${tokens(one.tokens)} tokens · ${price({ cost: one.cost_usd, free })}${free || one.cost_usd === null ? "" : " a message"}`;
    const box = h("input", { type: "checkbox", checked: one.enabled });
    box.addEventListener("change", () => void this.change(one, { enabled: box.checked }));
    const rename = (): void => {
      void askText("Rename the reference", "Name", one.title, "Rename", { maxlength: "200" }, (title) => (title ? this.attempt(() => api("PATCH", `/api/references/${one.id}`, { title })) : Promise.resolve(null)));
    };
    return h(
      "li",
      { class: "reference" },
      h("label", { class: "check grow" }, box, h("span", {}, h("span", { class: "reference-title" }, one.title), h("span", { class: "fine" }, facts))),
      h("button", { type: "button", class: "icon-button", "aria-label": `Rename ${one.title}`, title: "Rename", onclick: rename }, icon("pen")),
      h("button", { type: "button", class: "icon-button", "aria-label": `Remove ${one.title}`, title: "Remove", onclick: () => this.confirmRemoval(one) }, icon("trash")),
    );
  }

  private confirmRemoval(one: Reference): void {
    const remove = (): void => {
      dialog.close();
      void this.said(() => api("DELETE", `/api/references/${one.id}`));
    };
    const dialog = openDialog("Remove the reference?", [h("p", {}, `“${one.title}” is taken away from this draft. Texts written with it stay as they are.`)], [
      h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "button", class: "button primary danger", onclick: remove }, "Remove"),
    ]);
  }

  private change(one: Reference, to: object): Promise<boolean> {
    return this.said(() => api("PATCH", `/api/references/${one.id}`, to));
  }

  private async addFiles(files: File[]): Promise<void> {
    this.list.setAttribute("aria-busy", "true");
    for (const file of files) {
      const form = new FormData();
      form.set("file", file);
      await this.said(() => api("POST", `/api/drafts/${this.draftId}/references`, form, { timeout: 120_000 }), `${file.name}: `);
    }
    this.list.removeAttribute("aria-busy");
  }

  private pasteText(): void {
    const title = h("input", { id: "reference-title", maxlength: 200, autocomplete: "off" });
    const text = h("textarea", { id: "reference-text", rows: 10 });
    const problem = h("p", { class: "field-error", role: "alert", hidden: true });
    const button = h("button", { type: "button", class: "button primary", onclick: () => void add() }, "Add");
    const add = async (): Promise<void> => {
      const name = title.value.trim() || text.value.trim().split("\n")[0]?.slice(0, 80) || "Pasted text";
      button.disabled = true;
      const why = await this.attempt(() => api("POST", `/api/drafts/${this.draftId}/references`, { title: name, text: text.value })).finally(() => (button.disabled = false));
      problem.textContent = why;
      problem.hidden = why === null;
      if (why === null) dialog.close();
    };
    const field = (label: string, input: HTMLElement): HTMLElement => h("div", { class: "field" }, h("label", { for: input.id }, label), input);
    const dialog = openDialog("Add a text as reference", [field("Name (optional)", title), field("Text", text), problem], [
      h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"),
      button,
    ]);
  }

  private async saveInstructions(): Promise<void> {
    const button = byId<HTMLButtonElement>("instructions-save");
    const { value } = this.instructions;
    const system_prompt = value.trim();
    const id = this.links.conversationId();
    button.disabled = true;
    const saved = await this.said(async () => {
      if (id) return api("PATCH", `/api/conversations/${id}`, { system_prompt });
      const made = await api<{ id: string }>("POST", `/api/drafts/${this.draftId}/conversations`, { system_prompt });
      return this.links.began(made.id);
    });
    button.disabled = false;
    if (!saved) return;
    this.kept = system_prompt;
    // What was written meanwhile is the next to be saved.
    if (this.instructions.value === value) this.instructions.value = system_prompt;
    this.sum();
    toast(system_prompt ? "These instructions go with every message of this chat." : "This chat has no instructions any more.");
  }

  private async said(run: () => Promise<unknown>, about = ""): Promise<boolean> {
    const why = await this.attempt(run);
    if (why !== null) toast(about + why);
    return why === null;
  }

  /** Null once it is done, else why not; afterwards the list and the estimate are as the server has them. */
  private async attempt(run: () => Promise<unknown>): Promise<string | null> {
    let why: string | null = null;
    try {
      await run();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      why = error.errors[0]?.message ?? error.message;
    }
    await this.load();
    this.links.changed();
    return why;
  }
}
