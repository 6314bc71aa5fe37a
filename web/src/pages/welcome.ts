// The page behind a one-time link.

import { api } from "../common/api.js";
import { onSubmit, values } from "../common/form.js";

export function openWelcome(): void {
  const form = document.querySelector<HTMLFormElement>("#welcome-form");
  if (!form) return;
  onSubmit(form, async () => {
    const { name, email, password } = values(form);
    await api("POST", "/api/welcome", { token: form.dataset["token"], name, email, password });
    location.assign("/");
  });
}
