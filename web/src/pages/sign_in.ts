// The sign-in page.

import { api } from "../common/api.js";
import { byId } from "../common/dom.js";
import { forgetPages } from "../common/everywhere.js";
import { onSubmit, values } from "../common/form.js";

export function openSignIn(): void {
  const form = byId<HTMLFormElement>("sign-in-form");
  onSubmit(form, async () => {
    const { email, password } = values(form);
    await api("POST", "/api/sign-in", { email, password });
    await forgetPages();
    location.assign(ownPath(form.dataset["next"] ?? "/"));
  });
  const byProvider = document.querySelector<HTMLAnchorElement>("#by-provider");
  byProvider?.addEventListener("click", (event) => {
    event.preventDefault();
    // Nobody comes back through this page: pages kept for somebody else go now.
    void forgetPages().then(() => location.assign(byProvider.href));
  });
}

/** Only ever a path of this site. */
function ownPath(next: string): string {
  const target = new URL(next, location.origin);
  return target.origin === location.origin ? target.pathname + target.search + target.hash : "/";
}
