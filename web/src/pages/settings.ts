// The settings page: profile and password for everybody; people and providers for administrators.

import { api } from "../common/api.js";
import { byId } from "../common/dom.js";
import { onSubmit, values } from "../common/form.js";
import { toast } from "../common/toast.js";
import { openActions } from "./settings_actions.js";
import { openEmbedding } from "./settings_embedding.js";
import { openLossBound } from "./settings_loss_bound.js";
import { openPeople } from "./settings_people.js";
import { openProviders } from "./settings_providers.js";
import { openStyle } from "./settings_style.js";
import { openTokens } from "./settings_tokens.js";
import { openWebhooks } from "./settings_webhooks.js";

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
  openLossBound();
  openActions();
  openTokens();
  if (document.getElementById("people")) openPeople();
  if (document.getElementById("providers")) openProviders();
  if (document.getElementById("webhooks")) openWebhooks();
  if (document.getElementById("embedding")) openEmbedding();
}
