// What stands above the text when something about the draft or the browser matters.

import { api, Problem } from "../common/api.js";
import { byId, h } from "../common/dom.js";
import { toast } from "../common/toast.js";
import { putBackAndReload } from "./put_aside.js";

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

/** `writing`: whether words of this device wait to be written in. What it returns says it anew, should that change. */
export function sayInTrash(draftId: string, writing: () => boolean): () => void {
  const text = h("span", { class: "grow" });
  const back = h("button", { type: "button", class: "button small" });
  back.onclick = () => {
    back.disabled = true;
    putBackAndReload(() => api("POST", `/api/drafts/${draftId}/recover`), writing()).catch((error: unknown) => {
      back.disabled = false;
      toast(error instanceof Problem ? error.message : "That did not work. Try again.");
    });
  };
  const say = (): void => {
    text.textContent = `This draft is in the trash. ${writing() ? "What you wrote before it could be saved is kept on this device." : "It can be read, not changed."}`;
    back.textContent = writing() ? "Put back with what you wrote" : "Put back";
  };
  say();
  byId("notices").append(h("div", { class: "notice", role: "status" }, text, h("div", { class: "acts" }, back)));
  return say;
}
