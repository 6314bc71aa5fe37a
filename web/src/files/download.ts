// A file the server writes, fetched and handed to the browser as a download.

import { problemOf, Problem } from "../common/api.js";
import { h } from "../common/dom.js";
import { toast } from "../common/toast.js";
import { nameIn } from "./disposition.js";

export type Format = "md" | "html" | "docx" | "pdf";
export const FORMATS: [Format, string][] = [["md", "Markdown"], ["docx", "Word (docx)"], ["pdf", "PDF"], ["html", "Web page (HTML)"]];

const SLOW = 1_000;
const TIMEOUT = 90_000;

/** Says what happens, also when it takes a moment or fails. */
export async function downloadFrom(path: string, fallback: string): Promise<void> {
  let working: (() => void) | null = null;
  const slow = setTimeout(() => (working = toast("Writing the file…", undefined, TIMEOUT)), SLOW);
  try {
    const response = await fetch(path, { credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT) }).catch(() => {
      throw new Problem(0, "unreachable", "The server writes this file, and it cannot be reached. In the open editor, Markdown works without it.");
    });
    if (!response.ok) throw await problemOf(response);
    const name = nameIn(response.headers.get("Content-Disposition") ?? "") ?? fallback;
    const url = URL.createObjectURL(await response.blob());
    h("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    toast(`Exported as ${name}.`);
  } catch (error) {
    toast(error instanceof Problem ? error.message : "The file could not be fetched.");
  } finally {
    clearTimeout(slow);
    (working as (() => void) | null)?.();
  }
}
