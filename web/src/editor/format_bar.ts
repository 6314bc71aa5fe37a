// The row of formatting buttons above the text (below it on a phone).

import type { EditorView } from "@codemirror/view";
import { askText } from "../common/dialog.js";
import { byId, h, icon, isApple } from "../common/dom.js";
import { toolbar } from "../common/toolbar.js";
import { activeFormats, formats, linkMarkdown, linkPlace, type Format } from "./formatting.js";

const MOD = isApple ? "⌘" : "Ctrl+";
const BUTTONS: [Format, string, string][] = [
  ["bold", "Bold", `${MOD}B`],
  ["italic", "Italic", `${MOD}I`],
  ["heading", "Heading", ""],
  ["list", "List", ""],
  ["quote", "Quote", ""],
  ["link", "Link…", ""],
];

export interface FormatBar {
  /** The cursor or the text has changed. */
  moved(): void;
}

export function formatBar(view: EditorView): FormatBar {
  const bar = byId("format-bar");
  const buttons = new Map<Format, HTMLButtonElement>();
  for (const [format, name, keys] of BUTTONS) {
    const press = (): void => {
      if (format === "link") return void link(view);
      formats[format](view);
      view.focus();
    };
    const button = h("button", { type: "button", class: "icon-button", "aria-label": name, "aria-pressed": "false", title: keys ? `${name} (${keys})` : name, onclick: press }, icon(format));
    buttons.set(format, button);
    bar.append(button);
  }
  toolbar(bar, () => view.focus());
  return {
    moved() {
      bar.hidden = view.state.readOnly;
      const active = activeFormats(view.state);
      for (const [format, button] of buttons) button.setAttribute("aria-pressed", String(active.has(format)));
    },
  };
}

async function link(view: EditorView): Promise<void> {
  const { words, address } = linkPlace(view.state);
  const asked = await askText(address && words ? "Change the link" : "Link", "Address (empty: no link)", address, "Set link", { type: "url", placeholder: "https://" });
  // Typing may have gone on elsewhere meanwhile: look again.
  const { from, to, words: present } = linkPlace(view.state);
  if (asked !== null) {
    const insert = linkMarkdown(present || words, asked);
    view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, scrollIntoView: true, userEvent: "input.format" });
  }
  view.focus();
}
