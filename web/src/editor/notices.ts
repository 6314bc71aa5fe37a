// What stands above the text when something about the draft or the browser matters.

import { api } from "../common/api.js";
import { byId, h } from "../common/dom.js";
import { toast } from "../common/toast.js";

function notice(text: (Node | string)[], button: string, act: (notice: HTMLElement) => void): void {
  const element = h("div", { class: "notice", role: "status" }, h("span", { class: "grow" }, ...text));
  element.append(h("button", { type: "button", class: "button small", onclick: () => act(element) }, button));
  byId("notices").append(element);
}

export function warnAboutStorage(): void {
  const text = "Your words are safe once they are saved on the server; without a connection they live in this page only.";
  notice([h("b", {}, "This browser keeps nothing on the device. "), text], "I see", (element) => element.remove());
}

export function warnAboutRoom(): void {
  const text = "Without a connection new words may not fit on it. Free some room, or stay connected while you write.";
  notice([h("b", {}, "This device is nearly full. "), text], "I see", (element) => element.remove());
}

export function saySetBack(): void {
  toast("The server had been set back to an older state. What it lacked of this draft was sent again from this device.");
}

export function sayInTrash(draftId: string): void {
  notice(["This draft is in the trash. It can be read, not changed."], "Put back", () => {
    api("POST", `/api/drafts/${draftId}/recover`).then(() => location.reload(), () => toast("That did not work. Try again."));
  });
}
