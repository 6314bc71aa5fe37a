// The list of messages as it is scrolled: its end stays in view for who reads there, any other place stays where it is.

/** Pixels from the end within which somebody reads the newest. */
const NEAR_END = 120;

export class MessageList {
  constructor(readonly element: HTMLElement) {}

  /** Takes the place of all that was shown. */
  show(elements: HTMLElement[]): void {
    const { element } = this;
    const { scrollTop } = element;
    const reading = element.childElementCount > 0 && !this.isNearEnd();
    element.replaceChildren(...elements);
    if (reading) element.scrollTop = scrollTop;
    else this.toEnd(true);
  }

  append(element: HTMLElement): void {
    this.element.append(element);
  }

  /** What stands there while there are no messages. */
  withoutWelcome(): void {
    this.element.querySelector(".assistant-empty")?.remove();
  }

  /** Scrolls to the newest, unless somebody reads further up; `always`: even then. */
  toEnd(always = false): void {
    if (always || this.isNearEnd()) this.element.scrollTop = this.element.scrollHeight;
  }

  private isNearEnd(): boolean {
    return this.below() < NEAR_END;
  }

  private below(): number {
    const { element } = this;
    return element.scrollHeight - element.scrollTop - element.clientHeight;
  }

  /** When the composer grows, what was seen at the end of the chat stays in view. */
  keepEndInView(): void {
    const { element } = this;
    let height = element.clientHeight;
    new ResizeObserver(() => {
      const shorter = height - element.clientHeight;
      height = element.clientHeight;
      if (shorter > 0 && this.below() - shorter < 40) this.toEnd(true);
    }).observe(element);
  }
}
