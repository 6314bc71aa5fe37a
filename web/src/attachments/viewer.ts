// Pictures in full, one after the other: arrow keys or swiping, Escape closes.

import { h, icon } from "../common/dom.js";
import { attachment, bytes, download, type Attached } from "./wire.js";

const SWIPE = 50;

export function viewPictures(pictures: Attached[], first: string): void {
  let at = Math.max(0, pictures.findIndex(({ id }) => id === first));
  const before = document.activeElement as HTMLElement | null;
  const image = h("img", { class: "viewer-picture", alt: "" });
  const title = h("h2", { id: "viewer-title" });
  const facts = h("span", { class: "viewer-facts" });
  const problem = h("p", { class: "viewer-problem", role: "alert" });
  const button = (name: string, label: string, run: () => void): HTMLButtonElement => h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick: run }, icon(name));
  const earlier = button("earlier", "Picture before (←)", () => go(-1));
  const later = button("later", "Next picture (→)", () => go(1));
  const dialog = h(
    "dialog",
    { class: "viewer", "aria-labelledby": "viewer-title" },
    h("div", { class: "viewer-head" }, title, facts, h("span", { class: "grow" }), button("export", "Download", () => void download(shown().id)), button("close", "Close (Esc)", () => dialog.close())),
    h("div", { class: "viewer-stage" }, image, problem),
    earlier,
    later,
  );

  const shown = (): Attached => pictures[at] as Attached;
  function go(step: number): void {
    const next = at + step;
    if (next < 0 || next >= pictures.length) return;
    at = next;
    void show();
  }
  async function show(): Promise<void> {
    const picture = shown();
    title.textContent = picture.name;
    facts.textContent = `${pictures.length > 1 ? `${at + 1} of ${pictures.length} · ` : ""}${bytes(picture.size)}`;
    problem.textContent = "";
    image.alt = picture.name;
    image.removeAttribute("src");
    earlier.hidden = at === 0;
    later.hidden = at === pictures.length - 1;
    try {
      const { url } = await attachment(picture.id);
      if (shown() === picture && url) image.src = url;
    } catch {
      if (shown() === picture) problem.textContent = "This picture cannot be shown now.";
    }
  }

  dialog.addEventListener("keydown", (event) => {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, Home: -at, End: pictures.length - 1 - at };
    const step = steps[event.key];
    event.stopPropagation();
    if (step === undefined) return;
    event.preventDefault();
    go(step);
  });
  let from = 0;
  image.addEventListener("pointerdown", ({ clientX }) => (from = clientX));
  image.addEventListener("pointerup", ({ clientX }) => {
    if (Math.abs(clientX - from) > SWIPE) go(clientX < from ? 1 : -1);
  });
  image.addEventListener("dragstart", (event) => event.preventDefault());
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog || (target instanceof Element && target.classList.contains("viewer-stage"))) dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  void show();
}
