// What every page has: the theme button, the list of shortcuts, signing out, the offline shell.

import { api } from "./api.js";
import { h, icon, isApple, isTyping, meta } from "./dom.js";
import { openDialog } from "./dialog.js";
import { chooseTheme, storedTheme, type Theme } from "./theme_choice.js";
import { toast } from "./toast.js";

const NEXT: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
const SHOWN: Record<Theme, [string, string]> = {
  auto: ["auto", "Theme: as the system"],
  light: ["sun", "Theme: light"],
  dark: ["moon", "Theme: dark"],
};

export interface Shortcut {
  keys: string;
  does: string;
}

const GENERAL: Shortcut[] = [
  { keys: "?", does: "Show this list" },
  { keys: "Esc", does: "Close what is open" },
];

export function setUpPage(title: string, shortcuts: Shortcut[]): void {
  const themeButton = document.querySelector<HTMLButtonElement>("[data-act=theme]");
  if (themeButton) {
    showTheme(themeButton);
    themeButton.addEventListener("click", () => {
      chooseTheme(NEXT[storedTheme()]);
      showTheme(themeButton);
    });
  }
  const show = (): void => showShortcuts([{ title, list: shortcuts }, { title: "Everywhere", list: GENERAL }]);
  document.querySelector("[data-act=shortcuts]")?.addEventListener("click", show);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    show();
  });
  document.querySelector("[data-act=sign-out]")?.addEventListener("click", () => void signOut());
  void registerShell();
}

function showTheme(button: HTMLButtonElement): void {
  const [name, label] = SHOWN[storedTheme()];
  button.replaceChildren(icon(name));
  button.setAttribute("aria-label", label);
  button.title = label;
}

const MOD = isApple ? "⌘" : "Ctrl";
const ALT = isApple ? "⌥" : "Alt";

function showShortcuts(groups: { title: string; list: Shortcut[] }[]): void {
  const content: Node[] = [];
  for (const { title, list } of groups) {
    if (list.length === 0) continue;
    const keys = h("dl", { class: "keys" });
    content.push(h("h3", {}, title), keys);
    for (const { keys: combination, does } of list) {
      const parts = combination.split("-").map((key) => h("kbd", {}, key === "Mod" ? MOD : key === "Alt" ? ALT : key));
      keys.append(h("dt", {}, does), h("dd", {}, ...parts));
    }
  }
  openDialog("Keyboard shortcuts", content);
}

async function signOut(): Promise<void> {
  const { clearDevice, drainLeftovers } = await import("../sync/leftovers.js");
  const account = meta("account");
  await drainLeftovers(account);
  if (!(await clearDevice(account)) && !(await leaveUnsent())) return;
  try {
    await api("POST", "/api/sign-out");
  } catch {
    toast("Signing out needs the server, which cannot be reached now.");
    return;
  }
  await forgetPages();
  location.assign("/sign-in");
}

function leaveUnsent(): Promise<boolean> {
  return new Promise((resolve) => {
    let leave = false;
    const go = (): void => {
      leave = true;
      dialog.close();
    };
    const dialog = openDialog(
      "Some words are not saved yet",
      [h("p", {}, "They are kept on this device and will be sent when you sign in here again. Somebody else who uses this device cannot see them in Draftloom.")],
      [h("button", { type: "button", class: "button quiet", onclick: go }, "Sign out anyway"), h("button", { type: "button", class: "button primary", onclick: () => dialog.close() }, "Stay")],
      { onclose: () => resolve(leave) },
    );
  });
}

/** Pages kept for offline use belong to whoever was signed in. */
export async function forgetPages(): Promise<void> {
  if (!("caches" in window)) return;
  await caches.delete("draftloom-pages-1").catch(() => false);
}

async function registerShell(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  // The page works without the shell; it only cannot be opened offline.
  await navigator.serviceWorker.register("/sw.js").catch(() => undefined);
}
