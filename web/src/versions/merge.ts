// Merging a version into the text: what it would bring, what has to be decided, or single changes to pick.

import { api, Problem } from "../common/api.js";
import { openDialog, type Dialog } from "../common/dialog.js";
import { h } from "../common/dom.js";
import { count } from "../common/format.js";
import { toast } from "../common/toast.js";
import { explain, type TreeLinks } from "./branches.js";
import type { Hunk } from "./hunks.js";
import type { Version } from "./tree.js";

interface Conflict {
  index: number;
  base: string;
  mine: string;
  theirs: string;
}

interface Preview {
  seq: number;
  base: { number: number } | null;
  hunks: Hunk[];
  conflicts: Conflict[];
  changes: number;
}

export async function mergeVersion(version: Version, links: TreeLinks, settled: () => Promise<unknown>): Promise<void> {
  try {
    await settled();
    const preview = await api<Preview>("GET", `/api/drafts/${links.draftId}/merge/preview?version_id=${version.id}`);
    new MergeDialog(version, preview, links).open();
  } catch (error) {
    toast(explain(error));
  }
}

class MergeDialog {
  private readonly answers: HTMLTextAreaElement[] = [];
  private readonly picks: HTMLInputElement[] = [];
  private readonly problem = h("p", { class: "notice bad", role: "alert", hidden: true });
  private dialog!: Dialog;

  constructor(private readonly version: Version, private readonly preview: Preview, private readonly links: TreeLinks) {}

  open(): void {
    const { preview, version } = this;
    const changes = preview.hunks.flatMap((hunk, index) => (hunk.kind === "same" ? [] : [this.change(hunk, index)]));
    const from = preview.base ? `Both grew from version ${preview.base.number}.` : "The two have no version in common.";
    const sum = preview.changes === 0 ? "Your text has all of its changes already." : `${count(preview.changes, "place")} would change${preview.conflicts.length > 0 ? `, ${count(preview.conflicts.length, "passage")} to decide` : ""}.`;
    const content: Node[] = [h("p", {}, `${from} ${sum}`), this.problem];
    if (preview.conflicts.length > 0) content.push(h("h3", {}, "Changed on both sides"), ...preview.conflicts.map((conflict) => this.conflict(conflict)));
    if (changes.length > 0) content.push(h("details", { class: "merge-picks", open: preview.changes === 0 }, h("summary", {}, `Or pick single changes (${changes.length})`), ...changes));
    const merge = h("button", { type: "button", class: "button primary", disabled: preview.changes === 0, onclick: () => void this.send({ resolutions: this.answers.map((answer, index) => ({ index, value: answer.value })) }) }, "Merge");
    const pick = h("button", { type: "button", class: "button", onclick: () => this.pick() }, "Take picked changes");
    const cancel = h("button", { type: "button", class: "button quiet", onclick: () => this.dialog.close() }, "Cancel");
    this.dialog = openDialog(`Merge version ${version.number}${version.label ? ` · ${version.label}` : ""}`, content, [cancel, ...(changes.length > 0 ? [pick] : []), merge], { wide: true });
  }

  private conflict(conflict: Conflict): HTMLElement {
    const both = [conflict.mine, conflict.theirs].filter(Boolean).join(" ");
    const answer = h("textarea", { rows: 3, "aria-label": `Passage ${conflict.index + 1} as it shall be` });
    answer.value = conflict.mine;
    this.answers[conflict.index] = answer;
    const use = (label: string, value: string): HTMLElement => h("button", { type: "button", class: "button small", onclick: () => void (answer.value = value) }, label);
    const side = (name: string, text: string, style: string): HTMLElement => h("div", {}, h("dt", {}, name), h("dd", { class: style }, text || "(nothing)"));
    return h(
      "section",
      { class: "merge-conflict" },
      h("dl", {}, side("Before", conflict.base, "del"), side("Your text", conflict.mine, ""), side(`Version ${this.version.number}`, conflict.theirs, "ins")),
      h("div", { class: "merge-choices" }, use("Use yours", conflict.mine), use("Use theirs", conflict.theirs), use("Keep both", both)),
      answer,
    );
  }

  private change(hunk: Hunk, index: number): HTMLElement {
    const box = h("input", { type: "checkbox", value: String(index) });
    this.picks.push(box);
    const words = hunk.kind === "move" ? [h("span", { class: "move-note" }, "moved: "), h("span", { class: "moved" }, hunk.b_text)] : [hunk.a_text && h("del", {}, hunk.a_text), hunk.b_text && h("ins", {}, hunk.b_text)];
    return h("label", { class: "merge-pick" }, box, h("span", {}, ...words.map((word) => word || null)));
  }

  private pick(): void {
    const hunks = this.picks.filter(({ checked }) => checked).map(({ value }) => Number(value));
    if (hunks.length === 0) return this.say("Pick at least one change.");
    void this.send({ hunks });
  }

  private async send(choice: Record<string, unknown>): Promise<void> {
    try {
      const { version } = await this.links.act(`/api/drafts/${this.links.draftId}/merge`, { version_id: this.version.id, seq: this.preview.seq, ...choice });
      this.dialog.close();
      toast(`${version.label ?? "Merged"}: this is version ${version.number}. Your text before is its parent.`);
      this.links.changed();
    } catch (error) {
      if (!(error instanceof Problem)) return this.say(explain(error));
      this.say(error.code === "draft_moved" ? "The text has changed since this was opened. Close it and merge again." : error.message);
    }
  }

  private say(text: string): void {
    this.problem.textContent = text;
    this.problem.hidden = false;
    this.problem.scrollIntoView({ block: "nearest" });
  }
}
