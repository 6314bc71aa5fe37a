// "Ines is writing…", in space that is kept for it. Goes by itself when nothing more is heard.

import type { Person } from "./wire.js";

export class TypingLine {
  private readonly people = new Map<string, { name: string; timer: number }>();

  constructor(private readonly line: HTMLElement) {}

  show({ id, name }: Person, seconds: number): void {
    clearTimeout(this.people.get(id)?.timer);
    this.people.set(id, { name, timer: window.setTimeout(() => this.hide(id), seconds * 1_000) });
    this.draw();
  }

  hide(id: string): void {
    clearTimeout(this.people.get(id)?.timer);
    if (this.people.delete(id)) this.draw();
  }

  private draw(): void {
    const names = [...this.people.values()].map(({ name }) => name);
    const text = names.length === 0 ? "" : `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} writing…`;
    if (this.line.textContent !== text) this.line.textContent = text;
  }
}
