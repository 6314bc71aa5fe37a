// A list of any length of which only the rows in sight exist. A frame of scrolling makes only the rows that came into
// sight: making all anew took most of a frame's time.

import { h } from "../common/dom.js";

const AROUND = 6;

export interface RowSource {
  total(): number;
  row(index: number): HTMLElement;
  /** All that a row depends on; it is made anew when one of it is another than before. */
  state(index: number): readonly unknown[];
  /** These rows are in sight: whoever has to read them may do so now. */
  shown(from: number, to: number): void;
}

interface DrawnRow {
  element: HTMLElement;
  state: readonly unknown[];
}

const alike = (a: readonly unknown[], b: readonly unknown[]): boolean => a.length === b.length && a.every((value, at) => value === b[at]);

export class VirtualList {
  private readonly space = h("div", { class: "rows-space", role: "presentation" });
  private drawn = new Map<number, DrawnRow>();
  private total = -1;
  private wanted = 0;

  constructor(private readonly pane: HTMLElement, private readonly height: number, private readonly source: RowSource) {
    pane.replaceChildren(this.space);
    pane.addEventListener("scroll", () => this.soon(), { passive: true });
    new ResizeObserver(() => this.soon()).observe(pane);
  }

  soon(): void {
    this.wanted ||= requestAnimationFrame(() => this.draw());
  }

  draw(): void {
    cancelAnimationFrame(this.wanted);
    this.wanted = 0;
    const total = this.source.total();
    // Read before anything is written, so that it forces no layout.
    const { scrollTop, clientHeight } = this.pane;
    const from = Math.max(0, Math.floor(scrollTop / this.height) - AROUND);
    const to = Math.min(total, Math.ceil((scrollTop + clientHeight) / this.height) + AROUND);
    if (total !== this.total) this.space.style.height = `${total * this.height}px`;
    this.total = total;
    this.place(from, to);
    if (to > from) this.source.shown(from, to);
  }

  /** Keeps the rows in the order of the list, which is the one they are read out in. */
  private place(from: number, to: number): void {
    const rows = new Map<number, DrawnRow>();
    for (let index = from; index < to; index += 1) rows.set(index, this.rowAt(index));
    const kept = new Set([...rows.values()].map(({ element }) => element));
    for (const { element } of this.drawn.values()) if (!kept.has(element)) element.remove();
    this.drawn = rows;
    let next = this.space.firstChild;
    for (const { element } of rows.values()) {
      if (element === next) next = next.nextSibling;
      else this.space.insertBefore(element, next);
    }
  }

  private rowAt(index: number): DrawnRow {
    const before = this.drawn.get(index);
    const state = this.source.state(index);
    if (before !== undefined && alike(before.state, state)) return before;
    const element = this.source.row(index);
    element.style.top = `${index * this.height}px`;
    return { element, state };
  }

  reveal(index: number): void {
    const top = index * this.height;
    const { scrollTop, clientHeight } = this.pane;
    if (top < scrollTop) this.pane.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.pane.scrollTop = top + this.height - clientHeight;
  }
}
