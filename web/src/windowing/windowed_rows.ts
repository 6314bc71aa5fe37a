// A long list of rows of any height of which only those near what is in sight are in the document. What the eye is on stays
// where it is, whatever is put in, taken out or grows above it; a list that is looked at at its end stays at its end.

import { h } from "../common/dom.js";
import { covers, RowHeights, runsOf, type Anchor, type Run } from "./row_heights.js";

/** Pixels above and below the sight that are drawn ahead, and how far within these one may go before more is drawn. */
const AHEAD = 1_000;
const ENOUGH = 500;
/** From the end by less than this, one reads at the end. */
const NEAR_END = 80;
/** So many rows that a person marked with the mouse are kept to be copied. */
const MOST_MARKED = 400;
/** Drawing shows real heights, by which other rows come into sight; guesses are seldom wrong twice. */
const MOST_ROUNDS = 6;

export interface Row {
  key: string;
}
export interface RowLooks<R extends Row> {
  /** Pixels the row will probably take. */
  guess(row: R): number;
  /** All that the row shows; while it is the same, its element stays. */
  stamp(row: R): string;
  make(row: R): HTMLElement;
  /** The element stands in the list, as the row with this index. Called whenever rows changed. */
  placed(element: HTMLElement, row: R, index: number): void;
  /** Whether the row is there to stay, so that the place under the eye can be told by it. */
  holds(row: R): boolean;
  /** Rows that are in the document wherever they stand. */
  always(): string[];
}

export class WindowedRows<R extends Row> {
  private rows: readonly R[] = [];
  private readonly heights = new RowHeights();
  private readonly mounted = new Map<string, { element: HTMLElement; stamp: string }>();
  private readonly keys = new WeakMap<Node, string>();
  private runs: Run[] = [];
  private fresh = true;
  private anchor: Anchor | null = null;
  /** Where this class scrolled to, or saw the box last. */
  private stood = 0;
  private sight = 0;
  /** Whether the end is looked at and kept in sight. */
  followed = true;
  /** False while what comes next is not loaded: its last row is no end. */
  endless = false;
  private readonly sizes = new ResizeObserver((entries) => this.resized(entries));

  constructor(
    private readonly box: HTMLElement,
    private readonly place: HTMLElement,
    private readonly looks: RowLooks<R>,
  ) {
    new ResizeObserver(() => this.isShown && this.moved()).observe(box);
  }

  get isAtEnd(): boolean {
    return !this.endless && this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR_END;
  }

  /** The element of a row, if it is in the document. */
  element(key: string): HTMLElement | undefined {
    return this.mounted.get(key)?.element;
  }

  /** Brings the list in step with these rows. */
  show(rows: readonly R[]): void {
    this.noticeEarly();
    this.rows = rows;
    this.heights.set(rows.map((row) => ({ key: row.key, guess: this.looks.guess(row) })));
    this.fresh = true;
    this.settle();
  }

  /** The person, or the browser, moved the list. */
  scrolled(): void {
    if (!this.isShown) return;
    if (this.wasPushed()) return this.settle();
    this.notice();
    this.followed = this.isAtEnd;
    // Near the end, but not at it, a person may go in small steps: nothing pulls them back.
    this.settle(false);
  }

  /** What stands above the rows in the box has another height. */
  moved(): void {
    this.noticeEarly();
    this.settle();
  }

  toEnd(): void {
    this.followed = true;
    this.settle();
  }

  /** Puts a row so far below the upper edge of the sight. */
  reveal(key: string, offset: number): void {
    this.followed = false;
    this.anchor = { key, offset };
    this.settle();
  }

  /** Holds on to what is in sight, and no longer to the row that was revealed. */
  rest(): void {
    if (this.isShown) this.hold();
  }

  /** The element of a row that may be out of the document, brought into sight with as little movement as can be. */
  bring(key: string): HTMLElement | undefined {
    const index = this.heights.indexOf(key);
    if (index === undefined) return undefined;
    const above = this.heights.top(index) - this.edge;
    const below = above + this.heights.top(index + 1) - this.heights.top(index);
    if (above < 0) this.reveal(key, 0);
    else if (below > this.sight) this.reveal(key, Math.max(0, this.sight - (below - above)));
    return this.element(key);
  }

  /** The rows of which something is in sight, the end excluded. */
  get inSight(): Run {
    return this.heights.span(this.edge, this.edge + this.sight);
  }

  private get isShown(): boolean {
    return this.box.clientHeight > 0;
  }
  /** The upper edge of the sight, measured from where the rows begin. */
  private get edge(): number {
    return this.box.scrollTop - this.lead;
  }
  private get lead(): number {
    return this.place.getBoundingClientRect().top - this.box.getBoundingClientRect().top - this.box.clientTop + this.box.scrollTop;
  }

  /** Takes note of where the person looks, before anything changes. What this class did itself tells nothing new. */
  private notice(): void {
    if (!this.isShown || Math.abs(this.box.scrollTop - this.stood) < 1) return;
    this.stood = this.box.scrollTop;
    this.hold();
  }

  /** The same, where the browser has not yet said that the list was moved. Whoever left the end has left it. */
  private noticeEarly(): void {
    if (!this.isShown || Math.abs(this.box.scrollTop - this.stood) < 1 || this.isCutOff) return;
    this.notice();
    this.followed &&= this.isAtEnd;
  }

  /** Whether the sight stands above where it stood because the list ends there. */
  private get isCutOff(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.box;
    return scrollTop < this.stood - 1 && scrollHeight - scrollTop - clientHeight <= 1;
  }

  /** Whether nobody scrolled: rows became lower, so that the list ends above where it stood, which the browser put right
   *  before anybody was told of their heights. */
  private wasPushed(): boolean {
    return this.isCutOff && this.measure([...this.mounted].map(([key, { element }]) => [key, element]));
  }

  /** On a row that is drawn, if any is in sight: where others stand is a guess that drawing them corrects. */
  private hold(): void {
    const { edge } = this;
    const held = (index: number, drawn: boolean): boolean => {
      const row = this.rows[index];
      return row !== undefined && this.looks.holds(row) && (!drawn || this.mounted.has(row.key));
    };
    this.anchor = this.heights.anchor(edge, this.box.clientHeight, (index) => held(index, true)) ?? this.heights.anchor(edge, this.box.clientHeight, (index) => held(index, false));
  }

  private resized(entries: readonly ResizeObserverEntry[]): void {
    if (!this.isShown) return;
    this.noticeEarly();
    let moved = false;
    for (const { target, borderBoxSize } of entries) {
      const key = this.keys.get(target);
      const height = borderBoxSize[0]?.blockSize;
      if (key !== undefined && height !== undefined && this.mounted.get(key)?.element === target) moved = this.heights.measure(key, height) || moved;
    }
    if (!moved) return;
    this.stand(this.followed);
    // Rows put in here would be measured only in the next frame, about which browsers complain.
    requestAnimationFrame(() => {
      this.noticeEarly();
      this.settle(false);
    });
  }

  /** Draws what is in sight and puts the sight where it belongs. */
  private settle(toEnd = this.followed): void {
    if (this.isShown) this.sight = this.box.clientHeight;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (!this.draw(this.wanted(toEnd))) break;
    }
    this.stand(toEnd);
  }

  /** Moves the sight to the end, or to where the anchor is where it was. */
  private stand(toEnd: boolean): void {
    if (!this.isShown) return;
    const { box } = this;
    const top = toEnd ? box.scrollHeight - box.clientHeight : this.lead + this.wanted(false);
    if (Math.abs(box.scrollTop - top) >= 0.5) box.scrollTop = top;
    this.stood = box.scrollTop;
    // At an end of the list a row cannot stand where it should: it stands where it can.
    if (toEnd || this.anchor === null || Math.abs(this.stood - top) >= 1 || this.heights.indexOf(this.anchor.key) === undefined) this.hold();
  }

  private wanted(toEnd: boolean): number {
    if (toEnd) return Math.max(0, this.heights.total - this.sight);
    const edge = this.anchor === null ? null : this.heights.edgeOf(this.anchor);
    return edge ?? (this.isShown ? this.edge : 0);
  }

  /** Puts the rows around a sight into the document; true when they turned out to be of other heights than thought. */
  private draw(edge: number): boolean {
    const near = this.heights.span(edge - ENOUGH, edge + this.sight + ENOUGH);
    if (!this.fresh && covers(this.runs, near)) return false;
    const span = this.heights.span(edge - AHEAD, edge + this.sight + AHEAD);
    this.runs = runsOf(span, this.kept(span));
    this.fresh = false;
    const nodes: HTMLElement[] = [];
    const made: [string, HTMLElement][] = [];
    let end = 0;
    for (const [from, to] of this.runs) {
      if (from > end) nodes.push(this.gap(end, from));
      for (let index = from; index < to; index += 1) nodes.push(this.row(index, made));
      end = to;
    }
    if (end < this.heights.count) nodes.push(this.gap(end, this.heights.count));
    this.arrange(nodes);
    return this.measure(made);
  }

  private gap(from: number, to: number): HTMLElement {
    const gap = h("div", { role: "presentation" });
    gap.style.height = `${this.heights.top(to) - this.heights.top(from)}px`;
    return gap;
  }

  private row(index: number, made: [string, HTMLElement][]): HTMLElement {
    const row = this.rows[index] as R;
    const stamp = this.looks.stamp(row);
    const known = this.mounted.get(row.key);
    let element = known?.element;
    if (!element || (known?.stamp !== stamp && !isWrittenIn(element))) {
      element = this.looks.make(row);
      if (known) this.replace(known.element, element);
      this.keys.set(element, row.key);
      this.mounted.set(row.key, { element, stamp });
      made.push([row.key, element]);
    }
    this.looks.placed(element, row, index);
    return element;
  }

  /** Another element for the same row: a focus in it goes on in the new one. */
  private replace(old: HTMLElement, element: HTMLElement): void {
    const focused = old.contains(document.activeElement);
    this.sizes.unobserve(old);
    old.replaceWith(element);
    if (focused) element.focus({ preventScroll: true });
  }

  /** What stays is not moved: moving an element takes its focus and what is marked in it. */
  private arrange(nodes: readonly HTMLElement[]): void {
    const keep = new Set<Node>(nodes);
    for (const [key, { element }] of this.mounted) if (!keep.has(element)) this.drop(key, element);
    for (const child of [...this.place.children]) if (!keep.has(child)) child.remove();
    let at: ChildNode | null = this.place.firstChild;
    for (const node of nodes) {
      if (node === at) at = at.nextSibling;
      else this.place.insertBefore(node, at);
    }
  }

  private drop(key: string, element: HTMLElement): void {
    this.mounted.delete(key);
    this.sizes.unobserve(element);
    const focused = element.contains(document.activeElement);
    element.remove();
    if (focused) this.box.focus({ preventScroll: true });
  }

  private measure(made: readonly [string, HTMLElement][]): boolean {
    let moved = false;
    for (const [key, element] of made) {
      this.sizes.observe(element, { box: "border-box" });
      if (this.isShown) moved = this.heights.measure(key, element.getBoundingClientRect().height) || moved;
    }
    return moved;
  }

  /** Rows that must not go: with the focus, an open menu, marked words, and those that always stay. */
  private kept(span: Run): Set<number> {
    const kept = new Set<number>();
    const keep = (index: number | undefined): void => void (index !== undefined && kept.add(index));
    for (const key of this.looks.always()) keep(this.heights.indexOf(key));
    keep(this.indexAround(document.activeElement));
    for (const button of this.place.querySelectorAll('[aria-expanded="true"]')) keep(this.indexAround(button));
    const marked = document.getSelection();
    if (!marked || marked.isCollapsed) return kept;
    const ends = [this.indexAround(marked.anchorNode), this.indexAround(marked.focusNode)].filter((index) => index !== undefined);
    if (ends.length === 0) return kept;
    const [from, to] = ends.length === 2 ? [Math.min(...ends), Math.max(...ends)] : [Math.min(ends[0] ?? 0, span[0]), Math.max(ends[0] ?? 0, span[1] - 1)];
    if (to - from > MOST_MARKED) return kept;
    for (let index = from; index <= to; index += 1) kept.add(index);
    return kept;
  }

  private indexAround(node: Node | null): number | undefined {
    let at = node;
    while (at !== null && at.parentNode !== this.place) at = at.parentNode;
    const key = at === null ? undefined : this.keys.get(at);
    return key === undefined ? undefined : this.heights.indexOf(key);
  }
}

/** Words that somebody types are not taken from under their hands; the row is drawn anew when they are done. */
const isWrittenIn = (element: HTMLElement): boolean => element.contains(document.activeElement) && document.activeElement instanceof HTMLTextAreaElement;
