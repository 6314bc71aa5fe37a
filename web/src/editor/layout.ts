// The parts of the desk and which of them are seen: drawer on a wide screen, tabs on a phone, keyboard on glass.

import { byId, isNarrow } from "../common/dom.js";

export type Part = "write" | "chat" | "versions";

export interface Layout {
  show(part: Part): void;
  /** Marks a hidden tab: something new is there. */
  news(part: Part): void;
  closeVersions(): void;
}

export function setUpLayout(opened: (part: Part) => void): Layout {
  const desk = byId("main");
  const versions = byId("versions");
  const toggle = byId<HTMLButtonElement>("versions-toggle");
  const tabs = [...document.querySelectorAll<HTMLButtonElement>(".tabs [data-tab]")];

  function drawer(open: boolean): void {
    versions.hidden = !open;
    desk.classList.toggle("with-versions", open);
    toggle.setAttribute("aria-expanded", String(open));
  }

  function show(part: Part): void {
    desk.dataset["tab"] = part;
    for (const tab of tabs) {
      const current = tab.dataset["tab"] === part;
      tab.setAttribute("aria-current", String(current));
      if (current) delete tab.dataset["news"];
    }
    if (part === "versions") drawer(true);
    else if (isNarrow()) drawer(false);
    opened(part);
  }

  for (const tab of tabs) tab.addEventListener("click", () => show(tab.dataset["tab"] as Part));
  toggle.addEventListener("click", () => {
    if (versions.hidden) show("versions");
    else {
      drawer(false);
      toggle.focus();
    }
  });
  versions.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || isNarrow() || !byId("compare").hidden) return;
    drawer(false);
    toggle.focus();
  });
  followKeyboard();
  return {
    show,
    closeVersions: () => drawer(false),
    news(part) {
      const tab = tabs.find((one) => one.dataset["tab"] === part);
      if (tab && tab.getAttribute("aria-current") !== "true") tab.dataset["news"] = "";
    },
  };
}

/** The on-screen keyboard covers the page on some phones instead of shrinking it. */
function followKeyboard(): void {
  const port = window.visualViewport;
  if (!port) return;
  const fit = (): void => {
    const covered = window.innerHeight - port.height > 120;
    document.body.classList.toggle("keyboard-open", covered);
    document.body.style.setProperty("--visible-height", covered ? `${port.height}px` : "100dvh");
    if (covered) window.scrollTo(0, 0);
  };
  port.addEventListener("resize", fit);
}
