// People of this installation: invite, roles, disable, a new one-time link.

import { api } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { byId, h } from "../common/dom.js";
import { ago } from "../common/format.js";
import { onSubmit, values } from "../common/form.js";
import { attempt, fill } from "./settings_parts.js";
import { showOnce, wholeAddress } from "./shown_once.js";

interface Person {
  id: string;
  email: string;
  name: string;
  roles: string[];
  disabled_at?: string | null;
  disabled?: boolean;
  created_at: string;
}

const ROLES: [string, string][] = [
  ["writer", "Writer"],
  ["finance", "Finance"],
  ["admin", "Administrator"],
  ["student", "Student"],
  ["instructor", "Instructor"],
];

const isDisabled = (person: Person): boolean => person.disabled === true || Boolean(person.disabled_at);

function roleChecks(chosen: string[]): HTMLElement[] {
  return ROLES.map(([value, label]) => h("label", { class: "check" }, h("input", { type: "checkbox", name: "roles", value, checked: chosen.includes(value) }), label));
}

const checkedRoles = (form: HTMLElement): string[] => [...form.querySelectorAll<HTMLInputElement>("[name=roles]:checked")].map(({ value }) => value);

export function openPeople(): void {
  const list = byId("people-list");
  const once = byId("invite-once");
  const reload = (): Promise<void> => fill(list, async () => (await api<{ items: Person[] }>("GET", "/api/users")).items.map(row), "Nobody yet.");
  byId("invite-roles").append(...roleChecks(["writer"]));

  function row(person: Person): HTMLElement {
    const name = person.name || person.email;
    const change = (body: object, done: string): Promise<void> => attempt(() => api("PATCH", `/api/users/${person.id}`, body), done).then(reload);
    const link = (): Promise<void> =>
      attempt(async () => showOnce(once, `A one-time link for ${name}. It replaces a forgotten password.`, wholeAddress((await api<{ link: string }>("POST", `/api/users/${person.id}/link`)).link)));
    const toggle = isDisabled(person)
      ? h("button", { type: "button", class: "button small", onclick: () => void change({ disabled: false }, `${name} can sign in again.`) }, "Enable")
      : h("button", { type: "button", class: "button small danger", onclick: () => void change({ disabled: true }, `${name} can no longer sign in.`) }, "Disable");
    return h(
      "li",
      { class: "row" },
      h(
        "div",
        { class: "row-main" },
        h("div", { class: "row-title" }, name, " ", isDisabled(person) && h("span", { class: "tag warn" }, "Disabled")),
        h("div", { class: "row-sub" }, `${person.email} · ${person.roles.join(", ") || "no role"} · since ${ago(person.created_at)}`),
      ),
      h("button", { type: "button", class: "button small", "aria-label": `Roles of ${name}`, onclick: () => editRoles(person, change) }, "Roles"),
      h("button", { type: "button", class: "button small", "aria-label": `One-time link for ${name}`, onclick: () => void link() }, "Link"),
      toggle,
    );
  }

  const form = byId<HTMLFormElement>("invite-form");
  onSubmit(form, async () => {
    const { email, name } = values(form);
    const made = await api<{ user: Person; link: string }>("POST", "/api/users", { email, name, roles: checkedRoles(form) });
    form.reset();
    showOnce(once, `The invitation for ${made.user.email}. Send it yourself; it works once and is not shown again.`, wholeAddress(made.link));
    await reload();
  });
  void reload();
}

function editRoles(person: Person, change: (body: object, done: string) => Promise<void>): void {
  const checks = h("div", { class: "stack" }, ...roleChecks(person.roles));
  const save = (): void => {
    dialog.close();
    void change({ roles: checkedRoles(checks) }, "Roles saved.");
  };
  const dialog = openDialog(
    `Roles of ${person.name || person.email}`,
    [checks],
    [h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"), h("button", { type: "button", class: "button primary", onclick: save }, "Save roles")],
  );
}
