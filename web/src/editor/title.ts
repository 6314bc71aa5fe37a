// The draft's title: an input that renames as it is typed, and the page's own title with it.

import { byId } from "../common/dom.js";
import { isTypedEarly } from "../fields/controls.js";
import { storable } from "../sync/codepoints.js";
import { announce } from "./save_pill.js";

export interface TitleField {
  show(title: string): void;
}

export function setUpTitle(input: HTMLInputElement, renamed: (title: string) => void, leave: () => void): TitleField {
  let before = input.defaultValue;
  const name = (): void => {
    const shown = input.value.trim() || "Untitled draft";
    document.title = `${shown} · Draftloom`;
    byId("page-name").textContent = shown;
  };
  input.addEventListener("focus", () => (before = input.value));
  input.addEventListener("input", () => {
    renamed(storable(input.value));
    name();
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    if (event.key === "Escape" && input.value !== before) {
      input.value = before;
      renamed(before);
      name();
      announce("The title is as it was.");
    }
    leave();
  });
  if (isTypedEarly(input)) renamed(storable(input.value));
  return {
    show(title) {
      if (input.value !== title) input.value = title;
      name();
    },
  };
}
