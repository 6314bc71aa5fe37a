// Passages of a plain field that are commented on: drawn behind it in a twin of its text, and followed through every change.

import { ChangeSet } from "@codemirror/state";
import { h } from "../common/dom.js";
import { replacement } from "../sync/codepoints.js";
import type { Mark } from "./marks.js";

export class FieldMarks {
  private marks: readonly Mark[] = [];
  private current: string | null = null;
  /** The text the marks count in. */
  private text: string;
  private drawing = 0;

  constructor(private readonly field: HTMLTextAreaElement, private readonly behind: HTMLElement) {
    this.text = field.value;
    field.addEventListener("scroll", () => this.scroll());
    new ResizeObserver(() => this.draw()).observe(field);
  }

  get count(): number {
    return this.marks.length;
  }

  set(marks: readonly Mark[]): void {
    this.marks = marks;
    this.text = this.field.value;
    this.draw();
  }

  choose(id: string | null): void {
    if (id === this.current) return;
    this.current = id;
    this.draw();
  }

  /** The field says something else by now, whoever wrote it. False when it does not. */
  changed(): boolean {
    const { value } = this.field;
    if (value === this.text) return false;
    if (this.marks.length > 0) {
      const change = ChangeSet.of(replacement(this.text, value), this.text.length);
      this.marks = this.marks.map((mark) => ({ ...mark, from: change.mapPos(mark.from, 1), to: change.mapPos(mark.to, -1) })).filter(({ from, to }) => to > from);
      this.draw();
    }
    this.text = value;
    return true;
  }

  find(id: string | null): Mark | undefined {
    return this.marks.find((mark) => mark.id === id);
  }

  /** The shortest mark a position lies in. */
  at(position: number): Mark | undefined {
    const around = this.marks.filter(({ from, to }) => from <= position && position <= to);
    return around.sort((a, b) => a.to - a.from - (b.to - b.from))[0];
  }

  /** How far below the upper edge of the text a position is. */
  heightOf(position: number): number {
    const edge = h("span");
    this.behind.replaceChildren(this.field.value.slice(0, position), edge);
    const top = edge.offsetTop;
    this.redraw();
    return top;
  }

  private draw(): void {
    cancelAnimationFrame(this.drawing);
    this.drawing = requestAnimationFrame(() => this.redraw());
  }

  private redraw(): void {
    const { field, behind, marks, current } = this;
    // A field that scrolls has less room for its lines.
    behind.style.paddingRight = `calc(12px + ${Math.max(0, field.offsetWidth - field.clientWidth - 2)}px)`;
    if (marks.length === 0) return behind.replaceChildren();
    const edges = [...new Set(marks.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
    const { value } = field;
    const parts: (Node | string)[] = [value.slice(0, edges[0])];
    edges.forEach((from, index) => {
      const to = edges[index + 1] ?? value.length;
      const over = marks.filter((mark) => mark.from <= from && mark.to >= to && mark.to > from);
      const words = value.slice(from, to);
      if (over.length === 0) parts.push(words);
      else parts.push(h("mark", { class: over.some(({ id }) => id === current) ? "commented current" : "commented" }, words));
    });
    // Without a sign behind it the last line break would not count.
    behind.replaceChildren(...parts, "\u200b");
    this.scroll();
  }

  private scroll(): void {
    this.behind.scrollTop = this.field.scrollTop;
  }
}
