// Everything the service knows about one draft in numbers, in a dialog: from the list and from the editor.

import { duration } from "../activity/tell.js";
import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { h } from "../common/dom.js";
import { count } from "../common/format.js";
import { liveTime } from "../common/live_times.js";

interface Numbers {
  sync: "synced" | "conflict";
  events: number;
  words: number;
  completion: number;
  autosaves: number;
  manual_saves: number;
  conflicts: number;
  seconds_spent: number;
  devices: { device: string; saves: number; last_at: string }[];
  created_at: string;
  saved_at: string;
}

/** What only this device knows: words that are not sent yet. */
export interface Here {
  sync?: string | undefined;
}

export async function showDetails(draftId: string, title: string, here: Here = {}): Promise<void> {
  const list = h("dl", { class: "details" }, h("dt", {}, "Reading…"), h("dd", {}));
  const activity = h("a", { class: "button", href: `/drafts/${draftId}/activity` }, "Activity");
  const dialog = openDialog(title || "Untitled draft", [list], [activity]);
  try {
    const numbers = await api<Numbers>("GET", `/api/drafts/${draftId}/stats`);
    const row = (name: string, ...value: (Node | string)[]): Node[] => [h("dt", {}, name), h("dd", {}, ...value)];
    const sync = here.sync ?? (numbers.sync === "conflict" ? `Conflict: ${count(numbers.conflicts, "passage")} to decide` : "Synced");
    list.replaceChildren(
      ...row("Status", sync),
      ...row("Saved", liveTime(numbers.saved_at)),
      ...row("Begun", liveTime(numbers.created_at)),
      ...row("Words", numbers.words.toLocaleString("en")),
      ...row("Complete", `${numbers.completion} %`),
      ...row("Time spent", duration(numbers.seconds_spent) || "less than a minute"),
      ...row("Saved by itself", count(numbers.autosaves, "time")),
      ...row("Saved on purpose", count(numbers.manual_saves, "time")),
      ...row(numbers.devices.length === 1 ? "Device" : "Devices", ...devices(numbers.devices)),
    );
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const known = here.sync === undefined ? [] : [h("dt", {}, "Status"), h("dd", {}, here.sync)];
    list.replaceChildren(...known, h("dt", {}, "The rest"), h("dd", {}, error.status === 0 ? "The server knows it, and cannot be reached now." : error.message));
    dialog.foot.replaceChildren();
  }
}

function devices(used: Numbers["devices"]): Node[] {
  if (used.length === 0) return [h("span", {}, "none yet")];
  return used.map(({ device, saves, last_at }) => h("span", { class: "device" }, `${device || "A program"}, ${count(saves, "save")}, `, liveTime(last_at)));
}
