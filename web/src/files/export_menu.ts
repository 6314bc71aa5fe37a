// Exporting a draft. The open one: Markdown from the page, also offline and unsaved; other formats from the server. One in
// a list: as the server has it.

import type { MenuItem } from "../common/menu.js";
import { toast } from "../common/toast.js";
import { exportMarkdown } from "../editor/export.js";
import { downloadFrom, FORMATS, type Format } from "./download.js";

export interface Exported {
  id: string;
  title(): string;
  text(): string;
  /** Resolves when the server has what is on the screen. */
  settled(): Promise<void>;
}

const PATIENCE = 10_000;

export function exportItems(draft: Exported): MenuItem[] {
  return FORMATS.map(([format, label]) => ({ label, run: () => void exportAs(draft, format) }));
}

export function savedExportItems(id: string): MenuItem[] {
  return FORMATS.map(([format, label]) => ({ label: `Export as ${label}`, run: () => void downloadFrom(addressOf(id, format), `Draft.${format}`) }));
}

const addressOf = (id: string, format: Format): string => `/api/drafts/${id}/export?format=${format}`;

async function exportAs(draft: Exported, format: Format): Promise<void> {
  if (format === "md") return exportMarkdown(draft.title(), draft.text());
  const patience = new Promise<never>((_, reject) => setTimeout(reject, PATIENCE));
  try {
    await Promise.race([draft.settled(), patience]);
  } catch {
    toast("The last words are not saved yet, so the server cannot export them. Markdown works without it.");
    return;
  }
  await downloadFrom(addressOf(draft.id, format), `Draft.${format}`);
}
