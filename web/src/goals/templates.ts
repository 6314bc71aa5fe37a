// Replies kept for use again: picked by "/" while writing, or from a dialog where they are also made and changed.

import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { h, icon } from "../common/dom.js";
import { toast } from "../common/toast.js";
import type { ComposerForm } from "./composer_form.js";
import { matching, slashWord } from "./slash.js";
import { templates, type Template } from "./wire.js";

let known: Template[] | null = null;

async function load(): Promise<Template[]> {
  return (known = await templates());
}

let lists = 0;

/** Shows templates above the text while a "/" word is typed; arrows and Enter choose, Escape leaves the word as it is. */
export function slashPicker(form: ComposerForm): void {
  const { text } = form;
  const id = `slash-${(lists += 1)}`;
  const list = h("div", { class: "slash", role: "listbox", id, "aria-label": "Reply templates", hidden: true });
  text.before(list);
  let found: Template[] = [];
  let at = 0;
  let dismissed = false;

  const word = (): string | null => slashWord(text.value.slice(0, text.selectionStart));
  const hide = (): void => {
    list.hidden = true;
    text.removeAttribute("aria-activedescendant");
  };
  const choose = (template: Template): void => {
    const typed = word() ?? "";
    hide();
    form.insert(template.content, text.selectionStart - typed.length - 1, text.selectionStart);
  };
  const show = (): void => {
    list.replaceChildren(
      ...found.map((template, index) =>
        h("div", { class: "slash-item", role: "option", id: `${id}-${index}`, "aria-selected": index === at ? "true" : "false", onpointerdown: (event: PointerEvent) => (event.preventDefault(), choose(template)) }, h("strong", {}, template.name), h("span", {}, template.content)),
      ),
      ...(found.length === 0 ? [h("p", { class: "hint" }, "No template of that name. Make one with the button below.")] : []),
    );
    list.hidden = false;
    if (found.length > 0) text.setAttribute("aria-activedescendant", `${id}-${at}`);
  };
  const look = async (): Promise<void> => {
    const typed = word();
    if (typed === null) {
      dismissed = false;
      return hide();
    }
    if (dismissed) return;
    const all = known ?? (await load().catch(() => []));
    if (word() !== typed) return;
    found = matching(all, typed);
    at = Math.min(at, Math.max(0, found.length - 1));
    show();
  };
  text.setAttribute("aria-controls", id);
  text.addEventListener("input", () => void look());
  text.addEventListener("blur", hide);
  text.addEventListener("keydown", (event) => {
    if (list.hidden || event.ctrlKey || event.metaKey) return;
    const chosen = found[at];
    if (event.key === "Escape") {
      dismissed = true;
      hide();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      at = (at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % Math.max(1, found.length);
      show();
    } else if ((event.key === "Enter" || event.key === "Tab") && chosen) choose(chosen);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** The dialog: choose one, make one, change one. `form` tells where words go by then: another may have taken its place. */
export function pickTemplate(form: (() => ComposerForm) | null): void {
  const rows = h("div", { class: "rows" }, h("p", { class: "nothing" }, "Loading…"));
  const dialog = openDialog("Reply templates", [rows], [h("button", { type: "button", class: "button", onclick: () => edit(null) }, icon("plus"), "New template")]);
  const use = (template: Template): void => {
    dialog.close();
    const into = form?.();
    into?.insert(template.content, into.text.selectionStart, into.text.selectionEnd);
  };
  const edit = (template: Template | null): void => editTemplate(template, form?.().content ?? "", () => void fill());
  const row = (template: Template): HTMLElement =>
    h(
      "div",
      { class: "row" },
      h("div", { class: "row-main" }, h("p", { class: "row-title" }, template.name), h("p", { class: "row-sub" }, template.content.slice(0, 140))),
      form && h("button", { type: "button", class: "button small", onclick: () => use(template) }, "Insert"),
      h("button", { type: "button", class: "icon-button", "aria-label": `Change ${template.name}`, onclick: () => edit(template) }, icon("pen")),
      h("button", { type: "button", class: "icon-button", "aria-label": `Delete ${template.name}`, onclick: () => void remove(template) }, icon("trash")),
    );
  const remove = async (template: Template): Promise<void> => {
    const refused = (error: unknown): void => void rows.prepend(h("p", { class: "notice bad", role: "alert" }, error instanceof Problem ? error.message : "That did not work."));
    try {
      await api("DELETE", `/api/reply-templates/${template.id}`);
    } catch (error) {
      return refused(error);
    }
    await fill();
    const again = (): void => void api("POST", "/api/reply-templates", { name: template.name, content: template.content }).then(fill, refused);
    toast(`Deleted “${template.name}”.`, { label: "Undo", run: again });
  };
  const fill = async (): Promise<void> => {
    try {
      const all = await load();
      rows.replaceChildren(...all.map(row));
      if (all.length === 0) rows.replaceChildren(h("p", { class: "nothing" }, "Nothing here yet. Keep a reply you write often, then type / to use it."));
    } catch (error) {
      rows.replaceChildren(h("p", { class: "notice bad" }, error instanceof Problem ? error.message : "Templates could not be loaded."));
    }
  };
  void fill();
}

function editTemplate(template: Template | null, words: string, done: () => void): void {
  const name = h("input", { id: "template-name", value: template?.name ?? "", maxlength: 100, autocomplete: "off" });
  const content = h("textarea", { id: "template-content", rows: 6 });
  content.value = template?.content ?? words;
  const problem = h("p", { class: "field-error", role: "alert", hidden: true });
  const button = h("button", { type: "button", class: "button primary", onclick: () => void save() }, "Save");
  const save = async (): Promise<void> => {
    const given = { name: name.value, content: content.value };
    button.disabled = true;
    try {
      await (template ? api("PATCH", `/api/reply-templates/${template.id}`, given) : api("POST", "/api/reply-templates", given));
      dialog.close();
      done();
    } catch (error) {
      problem.textContent = error instanceof Problem ? error.message : "That did not work.";
      problem.hidden = false;
      (error instanceof Problem && error.errors[0]?.field === "content" ? content : name).focus();
    } finally {
      button.disabled = false;
    }
  };
  const dialog = openDialog(
    template ? "Change template" : "New template",
    [
      h("div", { class: "field" }, h("label", { for: "template-name" }, "Name"), name),
      h("div", { class: "field" }, h("label", { for: "template-content" }, "What it says"), content),
      problem,
    ],
    [h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"), button],
  );
}
