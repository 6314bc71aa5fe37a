// A list of any length of which only the rows in sight exist.

import { h } from "../common/dom.js";

const AROUND = 6;

export interface RowSource {
  total(): number;
  row(index: number): HTMLElement;
  /** These rows are in sight: whoever has to read them may do so now. */
  shown(from: number, to: number): void;
}

export class VirtualList {
  private readonly space = h("div", { class: "rows-space", role: "presentation" });
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
    const { scrollTop, clientHeight } = this.pane;
    const from = Math.max(0, Math.floor(scrollTop / this.height) - AROUND);
    const to = Math.min(total, Math.ceil((scrollTop + clientHeight) / this.height) + AROUND);
    this.space.style.height = `${total * this.height}px`;
    const rows: HTMLElement[] = [];
    for (let index = from; index < to; index += 1) {
      const row = this.source.row(index);
      row.style.top = `${index * this.height}px`;
      rows.push(row);
    }
    this.space.replaceChildren(...rows);
    if (to > from) this.source.shown(from, to);
  }

  reveal(index: number): void {
    const top = index * this.height;
    const { scrollTop, clientHeight } = this.pane;
    if (top < scrollTop) this.pane.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.pane.scrollTop = top + this.height - clientHeight;
  }
}
