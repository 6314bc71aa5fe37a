// Who wrote these words: the person or model, and the version they came with.

import { api } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { h, icon } from "../common/dom.js";
import { ago } from "../common/format.js";
import { toast } from "../common/toast.js";
import { explain } from "./branches.js";

interface Author {
  kind: string;
  name: string;
}

export interface Blame {
  versions: { id: string; number: number; author: Author; label: string | null; created_at: string }[];
  runs: { from: number; to: number; text: string; version: number }[];
  paragraphs: { from: number; to: number; authors: { author: Author; share: number }[] }[];
}

const nameOf = (author: Author): string => author.name || (author.kind === "model" ? "a model" : "you");

export const authorMark = (author: Author): HTMLElement =>
  h("span", { class: `version-mark${author.kind === "model" ? " model" : ""}`, title: nameOf(author) }, icon(author.kind === "model" ? "model" : "person"), h("span", { class: "sr" }, nameOf(author)));

export async function showWhoWrote(versionId: string, from: number, to: number, open: (versionId: string) => void): Promise<void> {
  try {
    const blame = await api<Blame>("GET", `/api/versions/${versionId}/blame?from=${from}&to=${to}`);
    const list = h("ol", { class: "who-list" });
    const dialog = openDialog("Who wrote this", [list]);
    for (const run of blame.runs) {
      const version = blame.versions[run.version];
      if (!version || run.text.trim() === "") continue;
      const show = (): void => {
        dialog.close();
        open(version.id);
      };
      list.append(
        h(
          "li",
          {},
          authorMark(version.author),
          h("div", {}, h("q", {}, run.text.trim()), h("p", { class: "version-facts" }, `${nameOf(version.author)} · ${ago(version.created_at)} · `, h("button", { type: "button", class: "foot-link", onclick: show }, `Version ${version.number}${version.label ? ` · ${version.label}` : ""}`))),
        ),
      );
    }
  } catch (error) {
    toast(explain(error));
  }
}

/** A version's text by paragraphs, each with the marks of those who wrote it, most first. */
export function markedText(text: string, blame: Blame): HTMLElement {
  const shown = h("div", { class: "marked-text" });
  for (const { from, to, authors } of blame.paragraphs) {
    const names = authors.map(({ author, share }) => `${nameOf(author)} ${Math.max(1, Math.round(share * 100))} %`).join(", ");
    shown.append(h("div", { class: "marked-paragraph" }, h("span", { class: "marks", title: names }, ...authors.slice(0, 3).map(({ author }) => authorMark(author))), h("p", {}, text.slice(from, to))));
  }
  return shown;
}
