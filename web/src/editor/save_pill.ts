// Tells in one word where the writer's words are, and in one dialog why and what to do.

import { copyText } from "../common/copy.js";
import { openDialog } from "../common/dialog.js";
import { h } from "../common/dom.js";
import { count, time } from "../common/format.js";
import { hasPlace } from "../sync/put_back.js";
import { isClosed, type ParkedWords, type SyncStatus } from "../sync/status.js";

const DELAY = 350;

const WORDS: Record<SyncStatus["state"], string> = {
  saved: "Saved",
  saving: "Saving…",
  device: "Kept on this device",
  offline: "Offline",
  attention: "Needs you",
};

const EXPLAINED: Record<string, string> = {
  offline: "The server cannot be reached. Go on writing: every word is kept on this device and sent when the connection is back.",
  server: "The server has trouble saving just now. Your words are kept on this device and sent again by themselves.",
  "sign-in": "Your session has ended. Sign in again and everything is sent.",
  "too-large": "The draft has grown beyond what the server takes. Your text stays here; shorten it and it is saved.",
  invalid: "The server does not take what is in one of the fields. It stays here; change it and it is saved.",
  gone: "This draft does not exist any more, or it is no longer yours. What was not saved is listed below.",
  closed: "This draft is in the trash, so it takes no changes. What was not saved is listed below.",
};

export interface PillActions {
  signIn(): void;
  retry(): void;
  /** Whether the draft takes words of this person. */
  open(): boolean;
  /** False when there is no place to insert at. */
  insert(text: string): boolean;
  /** Writes words back where they belong. Null once the server has them; else why not. */
  writeBack(words: ParkedWords): Promise<string | null>;
  letGo(words: ParkedWords): void;
}

export class SavePill {
  private timer = 0;
  private status: SyncStatus | null = null;
  private conflicts = 0;
  private parked: ParkedWords[] = [];

  constructor(private readonly button: HTMLButtonElement, private readonly actions: PillActions) {
    button.addEventListener("click", () => this.explain());
    button.setAttribute("aria-haspopup", "dialog");
  }

  show(status: SyncStatus): void {
    const before = this.status?.state;
    this.status = status;
    const slow = status.state === "saving" && before !== "device";
    if (!slow) this.showNow();
    else if (this.timer === 0) {
      this.timer = window.setTimeout(() => {
        this.timer = 0;
        this.render();
      }, DELAY);
    }
  }

  /** Says at once what is so, even if that may be over in a moment. */
  showNow(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    this.render();
  }

  needsDecisions(conflicts: number): void {
    this.conflicts = conflicts;
    this.render();
  }

  addParked(words: ParkedWords): void {
    this.parked.push(words);
    this.render();
  }

  /** Its words are dealt with. */
  removeParked(words: ParkedWords): void {
    this.parked = this.parked.filter((other) => other !== words);
    this.actions.letGo(words);
    this.button.dataset["state"] = "";
    this.render();
  }

  private get state(): SyncStatus["state"] {
    const state = this.status?.state ?? "saved";
    // Unsent words matter more than a decision that can wait.
    if (state === "device" || state === "offline") return state;
    return this.parked.length > 0 || this.conflicts > 0 ? "attention" : state;
  }

  private render(): void {
    const { state } = this;
    const text = WORDS[state];
    if (this.button.dataset["state"] === state) return;
    this.button.dataset["state"] = state;
    const label = this.button.querySelector(".pill-text");
    if (label) label.textContent = text;
    // Only what matters is announced: not every save.
    this.button.setAttribute("aria-label", `${text}. Show details`);
    if (state !== "saving" && state !== "saved") announce(text);
  }

  private explain(): void {
    const { status } = this;
    const lines: Node[] = [];
    const say = (text: string): void => void lines.push(h("p", {}, text));
    if (status?.trouble) say(EXPLAINED[status.trouble] ?? "");
    else if (status?.synced) {
      const what = this.parked.length > 0 ? "Everything else" : "Everything";
      say(status.savedAt ? `${what} is saved on the server (last at ${time(new Date(status.savedAt).toISOString())}).` : `${what} is saved on the server.`);
    } else say("Your latest words are on their way to the server.");
    if (status && !status.stored) say("This browser does not let the page keep anything on the device. Your words are safe only once they are saved on the server.");
    if (this.conflicts > 0) say(`${count(this.conflicts, "passage")} changed in two places at once. Use the notice above the text to decide.`);
    const dialog = openDialog("Where your words are", lines, this.buttons(() => dialog.close()));
    for (const words of this.parked) dialog.body.append(this.parkedCard(words, dialog.close));
  }

  private buttons(close: () => void): Node[] {
    const act = (label: string, run: () => void): Node =>
      h("button", { type: "button", class: "button primary", onclick: () => (close(), run()) }, label);
    const trouble = this.status?.trouble;
    if (trouble === "sign-in") return [act("Sign in", this.actions.signIn)];
    if (trouble === "offline" || trouble === "server") return [act("Try now", this.actions.retry)];
    return [];
  }

  private parkedCard(words: ParkedWords, close: () => void): HTMLElement {
    const text = words.inserted || words.text;
    const trouble = this.status?.trouble ?? null;
    const open = this.actions.open() && (trouble === null || !isClosed(trouble));
    const forget = (): void => {
      this.removeParked(words);
      card.remove();
    };
    const insert = (): void => {
      close();
      if (this.actions.insert(text)) forget();
    };
    const problem = h("p", { class: "field-error", role: "alert", hidden: true });
    const writeBack = async (event: Event): Promise<void> => {
      const button = event.currentTarget as HTMLButtonElement;
      button.disabled = true;
      problem.hidden = true;
      const why = await this.actions.writeBack(words);
      button.disabled = false;
      problem.textContent = why ?? "";
      problem.hidden = why === null;
      if (why !== null) return;
      card.remove();
      if (this.parked.length === 0) close();
    };
    const card = h(
      "section",
      { class: "stack" },
      h("h3", {}, `Not saved at ${time(new Date(words.at).toISOString())}`),
      h("p", { class: "hint" }, `The server would not take this change: ${words.reason}`),
      h("div", { class: "kept" }, text || "(only deletions)"),
      h(
        "div",
        { class: "chips" },
        open && hasPlace(words) && h("button", { type: "button", class: "button small primary", onclick: (event: Event) => void writeBack(event) }, "Write it back"),
        open && h("button", { type: "button", class: "button small", onclick: insert }, "Insert at the cursor"),
        h("button", { type: "button", class: "button small", onclick: () => void copyText(text) }, "Copy"),
        words.text !== text && h("button", { type: "button", class: "button small", onclick: () => void copyText(words.text) }, "Copy the whole text"),
        h("button", { type: "button", class: "button small quiet", onclick: forget }, "Let it go"),
      ),
      problem,
    );
    return card;
  }
}

let speaker: HTMLElement | null = null;

/** Said to screen readers, shown nowhere. */
export function announce(text: string): void {
  if (!speaker) {
    speaker = h("div", { class: "sr", role: "status", "aria-live": "polite" });
    document.body.append(speaker);
  }
  speaker.textContent = text;
}
