// Branches of a draft: naming, switching, renaming, marking, letting a name go. Versions never go.

import { api, Problem } from "../common/api.js";
import { askText, openDialog, whyNot } from "../common/dialog.js";
import { h, icon } from "../common/dom.js";
import { count, dollars } from "../common/format.js";
import { toast } from "../common/toast.js";
import type { Version } from "./tree.js";

interface VersionName {
  id: string;
  number: number;
  label: string | null;
}

export interface Branch {
  id: string | null;
  name: string | null;
  start: VersionName | null;
  tip: VersionName;
  current: boolean;
  favourite: boolean;
  versions: number;
  cost_usd: string | null;
  unpriced: number;
}

export interface Branches {
  items: Branch[];
  unnamed: Branch[];
  unnamed_total: number;
}

/** An answer after which the draft stands elsewhere. */
export interface Moved {
  version: Version;
  seq: number;
}

export interface TreeLinks {
  draftId: string;
  /** Sends what changes the text, once everything typed is saved, and follows the text where it went. */
  act(path: string, body?: unknown): Promise<Moved>;
  changed(): void;
}

export const explain = (error: unknown): string => (error instanceof Problem ? error.message : "The text is not saved yet. Try again when it is.");

/** Names a line of work from a version and goes on with it. */
export async function branchFrom(version: Version, links: TreeLinks): Promise<void> {
  let branch: Branch | null = null;
  const name = await askText("New branch", `A name for the work that starts at version ${version.number}`, "", "Branch and switch", {}, (typed) =>
    whyNot(async () => {
      if (typed) branch = await api<Branch>("POST", `/api/drafts/${links.draftId}/branches`, { version_id: version.id, name: typed });
    }, explain),
  );
  if (branch === null) return;
  try {
    await links.act(`/api/drafts/${links.draftId}/branches/${(branch as Branch).id}/switch`);
    toast(`You are on “${name}”. What stood here is a version of the branch before.`);
  } catch (error) {
    toast(explain(error));
  }
  links.changed();
}

export function branchCost(branch: Branch): string {
  const known = branch.cost_usd && Number(branch.cost_usd) > 0 ? dollars(branch.cost_usd) : "";
  const unknown = branch.unpriced > 0 ? `${branch.unpriced} without a price` : "";
  return [known, unknown].filter(Boolean).join(" + ") || "no cost";
}

/** The list of branches, to switch to and to keep in order. */
export async function showBranches(links: TreeLinks): Promise<void> {
  const list = h("ul", { class: "branch-list" });
  const dialog = openDialog("Branches", [list], [], { wide: true, onclose: () => links.changed() });
  await fill(list, links, dialog.close);
}

async function fill(list: HTMLElement, links: TreeLinks, close: () => void): Promise<void> {
  list.setAttribute("aria-busy", "true");
  try {
    const { items, unnamed, unnamed_total } = await api<Branches>("GET", `/api/drafts/${links.draftId}/branches`);
    const again = (): void => void fill(list, links, close);
    // A toast would lie behind this dialog.
    const refuse = (error: unknown): void => {
      list.querySelector("[role=alert]")?.remove();
      list.prepend(h("li", { class: "notice bad", role: "alert" }, explain(error)));
    };
    const rows = items.sort((a, b) => Number(b.favourite) - Number(a.favourite)).map((branch) => row(branch, links, { again, refuse, close }));
    const left = unnamed.filter(({ current }) => !current);
    if (items.length === 0) rows.push(h("li", { class: "branch-empty" }, "No branches yet. Choose a version and press Branch to try another direction from it."));
    if (left.length > 0) rows.push(h("li", { class: "branch-empty" }, `${count(unnamed_total, "line")} without a name, left behind by restores and other tries: ${left.slice(0, 3).map((line) => `version ${line.tip.number} (${count(line.versions, "version")}, ${branchCost(line)})`).join("; ")}${unnamed_total > 3 ? "; …" : ""}.`));
    list.replaceChildren(...rows);
  } catch (error) {
    list.replaceChildren(h("li", { class: "notice bad" }, explain(error)));
  } finally {
    list.setAttribute("aria-busy", "false");
  }
}

interface Outcomes {
  again: () => void;
  refuse: (error: unknown) => void;
  close: () => void;
}

function row(branch: Branch, links: TreeLinks, { again, refuse, close }: Outcomes): HTMLElement {
  const path = `/api/drafts/${links.draftId}/branches/${branch.id}`;
  const run = (work: () => Promise<unknown>) => (): void => void work().then(again, refuse);
  const rename = (): Promise<unknown> => askText("Rename branch", "Name", branch.name ?? "", "Rename", {}, (name) => whyNot(async () => void (name && (await api("PATCH", path, { name }))), explain));
  const go = async (): Promise<void> => {
    await links.act(`${path}/switch`);
    toast(`You are on “${branch.name}”.`);
    close();
  };
  const small = (label: string, onclick: () => void): HTMLElement => h("button", { type: "button", class: "button small", onclick }, label);
  const star = h("button", { type: "button", class: "icon-button star", "aria-pressed": String(branch.favourite), "aria-label": `Favourite: ${branch.name}`, onclick: run(() => api("PATCH", path, { favourite: !branch.favourite })) }, icon("star"));
  const facts = `Version ${branch.tip.number} · ${count(branch.versions, "version")} · ${branchCost(branch)}`;
  return h(
    "li",
    { class: "branch-row" },
    star,
    h("span", { class: "branch-name" }, branch.name, branch.current && h("span", { class: "tag accent" }, "You are here"), h("span", { class: "version-facts" }, facts)),
    h("span", { class: "branch-acts" }, !branch.current && small("Switch", run(go)), small("Rename", run(rename)), !branch.current && small("Remove name", run(() => api("DELETE", path)))),
  );
}
