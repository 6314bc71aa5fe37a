// Dropping and pasting files anywhere on a conversation, or on its thread.

import { h, icon } from "../common/dom.js";

const taken = new WeakMap<HTMLElement, (files: File[]) => void>();

/** From now on what is dropped or pasted around `place` goes to `take`, and no more to whom it went before. */
export function takeFiles(place: HTMLElement, take: (files: File[]) => void): void {
  const zone = place.closest<HTMLElement>("#thread, .talk-main") ?? place;
  if (!taken.has(zone)) listen(zone);
  taken.set(zone, take);
}

function listen(zone: HTMLElement): void {
  const veil = h("div", { class: "drop-veil", hidden: true, "aria-hidden": "true" }, h("p", {}, icon("attach"), "Drop files to attach them"));
  zone.append(veil);
  const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes("Files") ?? false;
  let inside = 0;
  const over = (change: number): void => {
    inside = Math.max(0, inside + change);
    veil.hidden = inside === 0;
  };
  zone.addEventListener("dragenter", (event) => hasFiles(event) && over(1));
  zone.addEventListener("dragleave", (event) => hasFiles(event) && over(-1));
  zone.addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  zone.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    over(-inside);
    taken.get(zone)?.([...(event.dataTransfer?.files ?? [])]);
  });
  zone.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    taken.get(zone)?.(files);
  });
}
