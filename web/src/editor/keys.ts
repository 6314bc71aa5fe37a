// What the editor page does on keys and by name.

import { isMod } from "../common/dom.js";
import type { ShortcutGroup } from "../common/everywhere.js";
import type { MenuItem } from "../common/menu.js";
import type { PaletteCommand } from "../common/palette.js";
import type { Mode } from "../chat/wire.js";

export const SHORTCUTS: ShortcutGroup[] = [
  {
    title: "Editor",
    list: [
      { keys: "Mod-J", does: "Ask the assistant" },
      { keys: "Esc", does: "Stop the assistant" },
      { keys: "Mod-S", does: "Name this version" },
      { keys: "Mod-Alt-H", does: "Versions" },
      { keys: "Mod-Alt-M", does: "Comment on the selected words" },
      { keys: "Mod-F", does: "Find and replace" },
      { keys: "Mod-Z", does: "Undo" },
      { keys: "Mod-Shift-Z", does: "Redo" },
    ],
  },
  {
    title: "Suggestions",
    list: [
      { keys: "F7", does: "Next suggestion" },
      { keys: "Shift-F7", does: "Previous suggestion" },
      { keys: "Mod-Alt-Enter", does: "Accept it" },
      { keys: "Mod-Alt-Backspace", does: "Reject it" },
    ],
  },
  {
    title: "Text",
    list: [
      { keys: "Mod-B", does: "Bold" },
      { keys: "Mod-I", does: "Italic" },
      { keys: "Alt-F10", does: "To the formatting buttons" },
      { keys: "Tab", does: "To the actions for selected words" },
    ],
  },
  {
    title: "List of versions",
    list: [
      { keys: "A", does: "Compare this one as A" },
      { keys: "B", does: "Compare this one as B" },
      { keys: "N", does: "Name it" },
      { keys: "R", does: "Restore it" },
    ],
  },
];

export interface EditorActs {
  compose(mode: Mode | null): void;
  stop(): void;
  running(): boolean;
  nameVersion(): void;
  versions(): void;
  formatting(): void;
  exports(): MenuItem[];
  find(): void;
  review(): void;
  lock(): void;
  comments(): void;
  comment(): void;
}

export function commands(acts: EditorActs): PaletteCommand[] {
  return [
    { label: "Ask the assistant", keys: "Mod-J", run: () => acts.compose("ask") },
    { label: "Write with the assistant", run: () => acts.compose("write") },
    { label: "Edit with the assistant", run: () => acts.compose("edit") },
    ...(acts.running() ? [{ label: "Stop the assistant", keys: "Esc", run: acts.stop }] : []),
    { label: "Versions", keys: "Mod-Alt-H", run: acts.versions },
    { label: "Name this version", keys: "Mod-S", run: acts.nameVersion },
    { label: "Review suggestions", keys: "F7", run: acts.review },
    { label: "Lock or unlock this paragraph", run: acts.lock },
    { label: "Comments", run: acts.comments },
    { label: "Comment on the selected words", keys: "Mod-Alt-M", run: acts.comment },
    { label: "Find and replace", keys: "Mod-F", run: acts.find },
    ...acts.exports().map(({ label, run }) => ({ label: `Export as ${label}`, run })),
  ];
}

/** Runs what the keys mean; a dialog that is open has them to itself. */
export function onEditorKeys(acts: EditorActs): void {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const plainMod = isMod(event) && !event.altKey && !event.shiftKey;
    if (plainMod && key === "j") acts.compose(null);
    else if (plainMod && key === "s") acts.nameVersion();
    else if (isMod(event) && event.altKey && (key === "h" || event.code === "KeyH")) acts.versions();
    else if (isMod(event) && event.altKey && (key === "m" || event.code === "KeyM")) acts.comment();
    else if (event.altKey && key === "f10") acts.formatting();
    else if (event.key === "Escape" && !event.defaultPrevented && acts.running()) acts.stop();
    else return;
    event.preventDefault();
  });
}
