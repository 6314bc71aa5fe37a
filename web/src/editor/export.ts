// The draft as a Markdown file.

import { download } from "../common/copy.js";
import { isApple } from "../common/dom.js";
import { toast } from "../common/toast.js";

/** A name that every file system takes. */
export const fileName = (title: string): string => title.replace(/[\\/:*?"<>|\u0000-\u001f]+/g, " ").replace(/\s+/g, " ").trim().slice(0, 80) || "Untitled draft";

export function exportMarkdown(title: string, text: string): void {
  const name = `${fileName(title)}.md`;
  download(name, text.endsWith("\n") ? text : `${text}\n`);
  toast(`Exported as ${name}${isApple ? "" : " to your downloads"}.`);
}
