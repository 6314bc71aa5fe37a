// Putting words where the person was writing last, as if they had typed them.

let last: HTMLInputElement | HTMLTextAreaElement | null = null;

const takesText = (target: EventTarget | null): target is HTMLInputElement | HTMLTextAreaElement =>
  target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && /^(text|search|url|email|tel|)$/.test(target.type));

document.addEventListener("focusin", ({ target }) => {
  if (takesText(target) && target.dataset["field"] !== undefined) last = target;
});

/** Into the control of `root` that had the focus last, else the first that takes text; false where it takes none. */
export function insertAtCaret(root: HTMLElement, text: string): boolean {
  const control = last !== null && root.contains(last) ? last : [...root.querySelectorAll("[data-field]")].find(takesText);
  if (!control || control.readOnly) return false;
  const start = control.selectionStart ?? control.value.length;
  control.setRangeText(text, start, control.selectionEnd ?? start, "end");
  control.dispatchEvent(new Event("input", { bubbles: true }));
  control.focus();
  return true;
}
