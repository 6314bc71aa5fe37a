// Making and finding elements. Text is always set as text; markup only ever comes sanitised from the server.

type Child = Node | string | null | false | undefined;
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: never) => void)>;

/** h("button", { class: "button", onclick: save, disabled: true }, "Save") */
export function h<K extends keyof HTMLElementTagNameMap>(name: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key.slice(2), value as EventListener);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** The element with this id, which the template promises. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}.`);
  return element as T;
}

export function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

export function pageData<T>(): T {
  return JSON.parse(byId("page-data").textContent ?? "null") as T;
}

export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Whether somebody writes just now: a focus that is moved then takes their keys with it. */
export const somebodyTypes = (): boolean => isTyping(document.activeElement);

export const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);
/** How the keys of a combination like "Mod-Alt-H" are shown here. */
export const MOD_KEYS: Record<string, string> = { Mod: isApple ? "⌘" : "Ctrl", Alt: isApple ? "⌥" : "Alt", Shift: isApple ? "⇧" : "Shift" };
/** Whether the platform's command key is down: ⌘ on Apple, Ctrl elsewhere. */
export const isMod = (event: KeyboardEvent | MouseEvent): boolean => (isApple ? event.metaKey : event.ctrlKey);
export const hasMouse = (): boolean => matchMedia("(hover: hover) and (pointer: fine)").matches;
export const isNarrow = (): boolean => matchMedia("(max-width: 700px)").matches;
