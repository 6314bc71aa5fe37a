// Which sites may show the report form, and what they put into their pages.

import { api, Problem } from "../common/api.js";
import { copyText } from "../common/copy.js";
import { byId } from "../common/dom.js";
import { onSubmit } from "../common/form.js";
import { toast } from "../common/toast.js";

interface Embedding {
  origins: string[];
}

export function openEmbedding(): void {
  const origins = byId<HTMLTextAreaElement>("embedding-origins");
  const code = byId("embedding-code");
  code.textContent = `<script src="${location.origin}/embed.js" data-kind="bug_report" async></script>`;
  byId("embedding-copy").addEventListener("click", () => void copyText(code.textContent ?? ""));
  const show = (settings: Embedding): void => void (origins.value = settings.origins.join("\n"));
  // Nothing can be typed before it is known what is there: it would be taken for the whole list.
  origins.disabled = true;
  const load = (settings: Embedding): void => {
    show(settings);
    origins.disabled = false;
  };
  api<Embedding>("GET", "/api/settings/embedding").then(load, (error: unknown) => toast(error instanceof Problem ? error.message : "The sites could not be read."));
  onSubmit(byId<HTMLFormElement>("embedding-form"), async () => {
    const { value } = origins;
    const saved = await api<Embedding>("PUT", "/api/settings/embedding", { origins: value.split(/[\s,]+/).filter(Boolean) });
    if (origins.value === value) show(saved);
    toast("Saved.");
  });
}
