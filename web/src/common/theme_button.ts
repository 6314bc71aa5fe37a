// The button that goes through light, dark, and as the system says.

import { icon } from "./dom.js";
import { chooseTheme, storedTheme, type Theme } from "./theme_choice.js";

const NEXT: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
/** Icon and name of each. */
export const THEMES: Record<Theme, [string, string]> = {
  auto: ["auto", "Theme: as the system"],
  light: ["sun", "Theme: light"],
  dark: ["moon", "Theme: dark"],
};

/** What it returns sets the theme from elsewhere; a page may have no button. */
export function setUpTheme(): (choice: Theme) => void {
  const button = document.querySelector<HTMLButtonElement>("[data-act=theme]");
  const theme = (choice: Theme): void => {
    chooseTheme(choice);
    if (button) showTheme(button);
  };
  if (button) {
    showTheme(button);
    button.addEventListener("click", () => theme(NEXT[storedTheme()]));
  }
  return theme;
}

function showTheme(button: HTMLButtonElement): void {
  const [name, label] = THEMES[storedTheme()];
  button.replaceChildren(icon(name));
  button.setAttribute("aria-label", label);
  button.title = label;
}
