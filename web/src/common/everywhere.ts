// What every page has: the theme button, the list of shortcuts, the palette, signing out, the offline shell.

import { api, Problem } from "./api.js";
import { openDialog } from "./dialog.js";
import { h, isTyping, meta, MOD_KEYS } from "./dom.js";
import { KEPT_PAGES } from "./kept_pages.js";
import { startDraft } from "./new_draft.js";
import { foundCommands } from "../files/found.js";
import { setUpPalette, type PaletteCommand } from "./palette.js";
import { REPORT_KEY, reportCommands, setUpReports } from "../reports/entry.js";
import { setUpTheme, THEMES } from "./theme_button.js";
import { storedTheme, type Theme } from "./theme_choice.js";
import { toast } from "./toast.js";

export interface Shortcut {
  keys: string;
  does: string;
}

const GENERAL: Shortcut[] = [
  { keys: "Mod-K", does: "All commands" },
  REPORT_KEY,
  { keys: "?", does: "Show this list" },
  { keys: "Esc", does: "Close what is open" },
];

export interface ShortcutGroup {
  title: string;
  list: Shortcut[];
}

export function setUpPage(shortcuts: ShortcutGroup[], commands: () => PaletteCommand[] = () => []): void {
  const theme = setUpTheme();
  const keys = (): void => showShortcuts([...shortcuts, { title: "Everywhere", list: GENERAL }]);
  document.querySelector("[data-act=shortcuts]")?.addEventListener("click", keys);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    keys();
  });
  document.querySelector("[data-act=sign-out]")?.addEventListener("click", () => void signOut());
  if (meta("account")) setUpPalette(() => [...commands(), ...general(theme, keys)], foundCommands);
  setUpReports();
  void registerShell();
}

/** What can be done on every page. */
function general(theme: (choice: Theme) => void, keys: () => void): PaletteCommand[] {
  const go = (path: string) => () => location.assign(path);
  const create = (): void => void startDraft().catch((error: unknown) => toast(error instanceof Problem ? error.message : "That did not work."));
  const places: [string, string][] = [["All drafts", "/"], ["Costs", "/costs"], ["Settings", "/settings"]];
  return [
    { label: "New draft", run: create },
    ...places.filter(([, path]) => path !== location.pathname).map(([label, path]) => ({ label, run: go(path) })),
    ...(["light", "dark", "auto"] as const).filter((choice) => choice !== storedTheme()).map((choice) => ({ label: THEMES[choice][1], run: () => theme(choice) })),
    ...reportCommands(),
    { label: "Keyboard shortcuts", keys: "?", run: keys },
    { label: "Sign out", run: () => void signOut() },
  ];
}

function showShortcuts(groups: ShortcutGroup[]): void {
  const sections = groups.map(({ title, list }) => {
    const keys = h("dl", { class: "keys" });
    for (const { keys: combination, does } of list) {
      const parts = combination.split("-").map((key) => h("kbd", {}, MOD_KEYS[key] ?? key));
      keys.append(h("dt", {}, does), h("dd", {}, ...parts));
    }
    return h("section", { class: "key-group" }, h("h3", {}, title), keys);
  });
  openDialog("Keyboard shortcuts", [h("div", { class: "key-groups" }, ...sections)], [], { wide: groups.length > 2 });
}

async function signOut(): Promise<void> {
  const { clearDevice, drainLeftovers } = await import("../sync/leftovers.js");
  const { forgetReports, sendWaiting, waitingReports } = await import("../reports/waiting.js");
  const account = meta("account");
  await drainLeftovers(account);
  await sendWaiting();
  const cleared = waitingReports().length === 0 && (await clearDevice(account));
  if (!cleared && !(await leaveUnsent())) return;
  if (cleared) forgetReports();
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
  sessionStorage.removeItem("draftloom.editor-kept");
  await caches.delete(KEPT_PAGES).catch(() => false);
}

/** The empty editor, for drafts begun or first opened without a network, the pages on which reports are written,
 *  and all forms. Once per visit: they belong to the session. */
async function keepEditor(): Promise<void> {
  if (!("caches" in window)) return;
  try {
    const pages = await caches.open(KEPT_PAGES);
    const fresh = sessionStorage.getItem("draftloom.editor-kept") === meta("account");
    // Signing out in another tab takes it away.
    if (fresh && (await pages.match("/offline/editor"))) return;
    const forms = await api<{ items: { name: string }[] }>("GET", "/api/forms");
    await pages.addAll(["/report/bug", "/report/feature", "/forms", ...forms.items.flatMap(({ name }) => [`/forms/${name}`, `/offline/forms/${name}`]), "/offline/editor"]);
    sessionStorage.setItem("draftloom.editor-kept", meta("account"));
  } catch {
    // Without a network, or without room: the next page tries again.
  }
}

async function registerShell(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  // The page works without the shell; it only cannot be opened offline.
  await navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  if (meta("account")) await keepEditor();
}
