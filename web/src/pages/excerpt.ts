// The beginning of a draft as plain words. No DOM.

/** The first words without their Markdown, and without the title said again. */
export function plainExcerpt(text: string, title: string): string {
  const plain = text
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^(?:[-*+]|\d+[.)])\s+/, "")
    .replace(/(^|\s)(?:#{1,6}|>)\s+(?=\S)/g, "$1")
    .replace(/(?<!\w)(\*{1,3}|_{1,3}|~~|`)(?=\S)(.+?)(?<=\S)\1(?!\w)/g, "$2")
    .replace(/\s+/g, " ")
    .trim();
  return title && plain.startsWith(title) && plain.length > title.length ? plain.slice(title.length).trim() : plain;
}
