// Mod-K: everything the page can do, by typing a few letters of its name.

import { openDialog, type Dialog } from "./dialog.js";
import { h, isMod, MOD_KEYS } from "./dom.js";

export interface PaletteCommand {
  label: string;
  keys?: string;
  /** A second line below the label. */
  more?: HTMLElement;
  run: () => void;
}

type Finder = (typed: string, signal: AbortSignal) => Promise<PaletteCommand[]>;

const FINDING_PAUSE = 200;
const SHORTEST_FOUND = 2;

let open: Dialog | null = null;

/** `commands` is asked each time, so that it can tell what is possible now; `find` adds what is found by its text. */
export function setUpPalette(commands: () => PaletteCommand[], find: Finder): void {
  document.addEventListener(
    "keydown",
    (event) => {
      if (!isMod(event) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return;
      if (open === null && document.querySelector("dialog[open]")) return;
      event.preventDefault();
      event.stopPropagation();
      if (open) open.close();
      else show(commands(), find);
    },
    { capture: true },
  );
}

/** Those of which every typed word occurs; those that begin with what was typed first. */
export function matching(commands: readonly PaletteCommand[], typed: string): PaletteCommand[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = commands.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
  const rank = ({ label }: PaletteCommand): number => (words[0] !== undefined && label.toLowerCase().startsWith(words[0]) ? 0 : 1);
  return words.length === 0 ? found : found.sort((a, b) => rank(a) - rank(b));
}

function show(commands: PaletteCommand[], find: Finder): void {
  const list = h("ul", { id: "palette-list", class: "palette-list", role: "listbox", "aria-label": "Commands" });
  const input = h("input", { class: "palette-input", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list", "aria-label": "A command, or words to look for", placeholder: "A command, or words to look for", autocomplete: "off", spellcheck: "false" });
  let shown: PaletteCommand[] = [];
  let at = 0;
  let found: PaletteCommand[] = [];
  let pause = 0;
  let asking = new AbortController();
  let chosen: PaletteCommand | null = null;

  const choose = (command: PaletteCommand | undefined): void => {
    if (!command) return;
    chosen = command;
    open?.close();
  };
  const mark = (index: number): void => {
    at = shown.length === 0 ? 0 : (index + shown.length) % shown.length;
    for (const [number, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(number === at && shown.length > 0));
    if (shown.length > 0) input.setAttribute("aria-activedescendant", `palette-${at}`);
    else input.removeAttribute("aria-activedescendant");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const fill = (): void => {
    shown = [...matching(commands, input.value), ...found];
    const options = shown.map((command, index) => {
      const option = h("li", { id: `palette-${index}`, role: "option", onclick: () => choose(command) }, command.more ? h("span", { class: "grow found-option" }, h("span", {}, command.label), command.more) : h("span", { class: "grow" }, command.label));
      for (const key of command.keys?.split("-") ?? []) option.append(h("kbd", {}, MOD_KEYS[key] ?? key));
      option.addEventListener("pointermove", () => index !== at && mark(index));
      return option;
    });
    list.replaceChildren(...(options.length > 0 ? options : [h("li", { class: "nothing" }, "Nothing by that name")]));
    mark(0);
  };
  const look = async (): Promise<void> => {
    const typed = input.value.trim();
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    // Commands work without the server; results are only added where it answers.
    const items = typed.length < SHORTEST_FOUND ? [] : await find(typed, signal).catch(() => []);
    if (signal.aborted || open === null) return;
    const kept = at;
    found = items;
    fill();
    mark(kept < shown.length ? kept : 0);
  };
  input.addEventListener("input", () => {
    found = [];
    fill();
    clearTimeout(pause);
    pause = window.setTimeout(() => void look(), FINDING_PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") mark(at + 1);
    else if (event.key === "ArrowUp") mark(at - 1);
    else if (event.key === "Enter") choose(shown[at]);
    else return;
    event.preventDefault();
  });
  open = openDialog("Commands", [input, list], [], {
    onclose: () => {
      open = null;
      clearTimeout(pause);
      asking.abort();
      // After the dialog has given the focus back, so that a command may take it elsewhere.
      if (chosen) queueMicrotask(chosen.run);
    },
  });
  open.element.classList.add("palette");
  fill();
}
