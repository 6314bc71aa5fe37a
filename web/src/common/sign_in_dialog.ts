// Signing in again over an open page: nothing on it is lost, and nobody who writes finds the next words in a password field.

import { api, useCsrfToken } from "./api.js";
import { openDialog } from "./dialog.js";
import { h, meta } from "./dom.js";
import { onSubmit, values } from "./form.js";
import { toast } from "./toast.js";

const WHY = "Your session has ended. What you write is kept on this device and will be sent when you are back.";
const UNTIL_TAKEN = 2 ** 31 - 1;

let open = false;

/** The way by the identity provider, where there is one: to it and back to this page, which has kept everything. */
function byProvider(): HTMLElement[] {
  const provider = meta("sign-in-provider");
  if (!provider) return [];
  const back = encodeURIComponent(location.pathname + location.search);
  return [h("a", { class: "button block", href: `/sign-in/oidc?next=${back}` }, `Continue with ${provider}`)];
}

/** Resolves true once signed in; false at once where the page asks already. Who is writing, or puts it off, is not asked but
 *  told, with a button, for as long as it takes. `account` must be the one the page was opened for. */
export async function signInAgain(account: string): Promise<boolean> {
  if (open) return false;
  open = true;
  try {
    if (isWriting()) await pressed();
    while (!(await asked(account))) await pressed();
  } finally {
    open = false;
  }
  return true;
}

function isWriting(): boolean {
  const at = document.activeElement;
  return at instanceof HTMLElement && (at.isContentEditable || at.matches("input, textarea"));
}

function pressed(): Promise<void> {
  return new Promise((resolve) => toast(WHY, { label: "Sign in", run: resolve }, UNTIL_TAKEN));
}

/** Whether the person signed in. */
function asked(account: string): Promise<boolean> {
  return new Promise((resolve) => {
    let done = false;
    const submit = h("button", { type: "submit", class: "button primary block" }, "Sign in");
    const form = h(
      "form",
      { class: "stack", novalidate: true },
      h("p", { class: "hint" }, WHY),
      h("div", { class: "form-problem", role: "alert", hidden: true }),
      h("div", { class: "field" }, h("label", { for: "again-email" }, "E-mail"), h("input", { id: "again-email", name: "email", type: "email", autocomplete: "username", required: true })),
      h("div", { class: "field" }, h("label", { for: "again-password" }, "Password"), h("input", { id: "again-password", name: "password", type: "password", autocomplete: "current-password", required: true })),
      submit,
      ...byProvider(),
    );
    onSubmit(form, async () => {
      const { email, password } = values(form);
      const answer = await api<{ user: { id: string }; csrf_token: string }>("POST", "/api/sign-in", { email, password });
      if (answer.user.id !== account) return location.assign("/");
      useCsrfToken(answer.csrf_token);
      done = true;
      dialog.close();
    });
    const dialog = openDialog("Sign in again", [form], [], { onclose: () => resolve(done) });
  });
}
