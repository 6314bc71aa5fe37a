// Links to read a document: who has one needs no account. Made, listed, taken back; an address is shown once.

import { api } from "../common/api.js";
import { h, icon } from "../common/dom.js";
import { ago, moment } from "../common/format.js";
import { onSubmit } from "../common/form.js";
import { attempt, fill } from "../pages/settings_parts.js";
import { showOnce, wholeAddress } from "../pages/shown_once.js";

interface ShareLink {
  id: string;
  name: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  ended: boolean;
  link: string | null;
}

const OWN = "own";
const ENDS: [string, string][] = [["1", "in a day"], ["7", "in a week"], ["30", "in 30 days"], ["", "never"], [OWN, "after a day…"]];

/** The days of a calendar by this device. */
const dayAfter = (days: number): string => {
  const date = new Date();
  date.setDate(date.getDate() + days);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
};

/** The end of a day as this device tells days. */
function endOf(day: string): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date, 23, 59, 59).toISOString();
}

export function linkSection(draftId: string): HTMLElement {
  const path = `/api/drafts/${draftId}/links`;
  const list = h("ul", { class: "rows", "aria-label": "Links to read it", "aria-busy": "true", tabindex: "-1" }, h("li", { class: "nothing" }, "Reading…"));
  const name = h("input", { id: "link-name", name: "name", maxlength: 120, autocomplete: "off", placeholder: "for example: the press" });
  const ends = h("select", { id: "link-ends", name: "days" }, ...ENDS.map(([value, words]) => h("option", { value }, words)));
  ends.value = "7";
  const day = h("input", { id: "link-day", name: "expires_at", type: "date", min: dayAfter(0), max: dayAfter(3_650), value: dayAfter(14) });
  const dayField = h("div", { class: "field", hidden: true }, h("label", { for: "link-day" }, "Last day"), day);
  const once = h("div", { class: "once", hidden: true });
  const chosen = (): object => {
    if (ends.value === OWN) return { expires_at: endOf(day.value) };
    return ends.value === "" ? {} : { days: Number(ends.value) };
  };
  const showDay = (): void => {
    const own = ends.value === OWN;
    dayField.hidden = !own;
    day.required = own;
    day.disabled = !own;
  };
  ends.addEventListener("change", showDay);
  showDay();
  const form = h(
    "form",
    { class: "stack share-form", novalidate: true },
    h("div", { class: "form-problem", role: "alert", hidden: true }),
    h("div", { class: "pair" }, h("div", { class: "field" }, h("label", { for: "link-name" }, "Name of the link, for you"), name), h("div", { class: "field" }, h("label", { for: "link-ends" }, "It ends"), ends)),
    dayField,
    h("div", {}, h("button", { type: "submit", class: "button" }, icon("link"), "Make a link")),
  );

  const row = (link: ShareLink): HTMLElement => {
    const called = link.name || "Link without a name";
    const end = link.expires_at === null ? "until you take it back" : `${link.ended ? "ended" : "until"} ${moment(link.expires_at)}`;
    const used = link.last_used_at === null ? "not opened yet" : `last opened ${ago(link.last_used_at)}`;
    const said = link.ended ? "Removed." : `“${called}” no longer opens anything.`;
    const takeBack = async (): Promise<void> => {
      await attempt(() => api("DELETE", `${path}/${link.id}`), said);
      once.hidden = true;
      await load();
      list.focus();
    };
    return h(
      "li",
      { class: link.ended ? "row ended" : "row" },
      h("div", { class: "row-main" }, h("p", { class: "row-title" }, called), h("p", { class: "row-sub" }, `${end} · ${used}`)),
      h("button", { type: "button", class: "button small danger", "aria-label": `${link.ended ? "Remove" : "Take back"} ${called}`, onclick: () => void takeBack() }, link.ended ? "Remove" : "Take back"),
    );
  };
  const load = (): Promise<void> => fill(list, async () => (await api<{ items: ShareLink[] }>("GET", path)).items.map(row), "No links yet.");
  onSubmit(form, async () => {
    const made = await api<ShareLink>("POST", path, { name: name.value, ...chosen() });
    form.reset();
    ends.value = "7";
    day.value = dayAfter(14);
    showDay();
    showOnce(once, "Whoever has this link can read the document. Copy it now: it is not shown again.", wholeAddress(made.link ?? ""));
    await load();
  });
  void load();
  return h("section", { class: "share-links", "aria-labelledby": "share-links-title" }, h("h3", { id: "share-links-title" }, "By link, to read"), form, once, list, h("p", { class: "hint" }, "No account is needed; nobody can write by it. The text is read as it stands at that moment."));
}
