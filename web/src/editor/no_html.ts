// Stands in for @codemirror/lang-html in the bundle: the page uses Markdown without a parser for raw HTML.

export const html = (): null => null;
export const htmlCompletionSource = (): null => null;
