// "Saved 3 min ago" below the text, and the way to the draft's details.

import { byId } from "../common/dom.js";
import { liveTime } from "../common/live_times.js";
import { showDetails } from "../pages/draft_details.js";
import type { SyncStatus } from "../sync/status.js";

const NOW: Partial<Record<SyncStatus["state"], string>> = {
  saving: "Syncing",
  device: "Kept on this device, not sent yet",
  offline: "Offline; everything here is saved",
  attention: "Needs you",
};

export class SavedAgo {
  private readonly place = byId("saved-ago");
  private shown = "";
  private now: string | undefined;

  constructor(draftId: string, savedAt: string, title: () => string) {
    byId("words").addEventListener("click", () => void showDetails(draftId, title(), { sync: this.now }));
    this.tell(savedAt);
  }

  show({ savedAt, state }: SyncStatus): void {
    this.now = NOW[state];
    if (savedAt !== null) this.tell(new Date(savedAt).toISOString());
  }

  private tell(iso: string): void {
    if (!iso || iso === this.shown) return;
    this.shown = iso;
    this.place.replaceChildren(liveTime(iso, "saved"));
  }
}
