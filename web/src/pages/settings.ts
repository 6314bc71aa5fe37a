// The settings page: profile and password for everybody; people and providers for administrators.

import { api, Problem } from "../common/api.js";
import { byId, h } from "../common/dom.js";
import { onSubmit, values } from "../common/form.js";
import { toast } from "../common/toast.js";
import { openActions } from "./settings_actions.js";
import { openPeople } from "./settings_people.js";
import { openProviders } from "./settings_providers.js";
import { openStyle } from "./settings_style.js";
import { openTokens } from "./settings_tokens.js";

export function openSettings(): void {
  const profile = byId<HTMLFormElement>("profile-form");
  onSubmit(profile, async () => {
    await api("PATCH", "/api/me", { name: values(profile)["name"] });
    toast("Your name is saved.");
  });
  const password = byId<HTMLFormElement>("password-form");
  onSubmit(password, async () => {
    const { current_password, password: fresh } = values(password);
    await api("PATCH", "/api/me", { current_password, password: fresh });
    password.reset();
    toast("Your password is changed.");
  });
  openStyle();
  openActions();
  openTokens();
  if (document.getElementById("people")) openPeople();
  if (document.getElementById("providers")) openProviders();
}

/** Fills a list; a failure is said in its place, with a way to try again. */
export async function fill(list: HTMLElement, load: () => Promise<Node[]>, nothing: string): Promise<void> {
  try {
    const rows = await load();
    list.replaceChildren(...(rows.length > 0 ? rows : [h("li", { class: "nothing" }, nothing)]));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const again = h("button", { type: "button", class: "button small", onclick: () => void fill(list, load, nothing) }, "Try again");
    list.replaceChildren(h("li", { class: "notice bad" }, h("span", { class: "grow" }, error.message), again));
  } finally {
    list.setAttribute("aria-busy", "false");
  }
}

/** Says what went wrong with a single action. */
export async function attempt(run: () => Promise<unknown>, done?: string): Promise<void> {
  try {
    await run();
    if (done) toast(done);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    toast(error.message);
  }
}
