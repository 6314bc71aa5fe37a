// A row of buttons that is one stop for the Tab key; arrows move within it.

export function toolbar(bar: HTMLElement, left: () => void): void {
  const buttons = (): HTMLButtonElement[] => [...bar.querySelectorAll<HTMLButtonElement>("button")].filter(({ disabled, hidden }) => !disabled && !hidden);
  const stop = (chosen: HTMLElement | undefined): void => {
    for (const button of bar.querySelectorAll("button")) button.tabIndex = button === chosen ? 0 : -1;
  };
  stop(buttons()[0]);
  bar.addEventListener("focusin", ({ target }) => stop((target as HTMLElement).closest("button") ?? undefined));
  // A press must not take the selection away from the text.
  bar.addEventListener("pointerdown", (event) => event.preventDefault());
  bar.addEventListener("mousedown", (event) => event.preventDefault());
  bar.addEventListener("keydown", (event) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const go: Record<string, () => HTMLButtonElement | undefined> = {
      ArrowRight: () => all[(at + 1) % all.length],
      ArrowLeft: () => all[(at - 1 + all.length) % all.length],
      Home: () => all[0],
      End: () => all.at(-1),
    };
    if (event.key === "Escape") left();
    else if (go[event.key]) go[event.key]?.()?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
