"""A Markdown text as a web page of its own that needs nothing from anywhere."""

from html import escape

from app.services.markdown import render_markdown

_LOOK = """
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 3rem 1.25rem; max-width: 40rem; font: 1.125rem/1.65 Literata, Georgia, serif;
  color: light-dark(#211e1a, #ece7dd); background: light-dark(#faf8f4, #191714); overflow-wrap: break-word; }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 2em 0 .6em; }
h1:first-child { margin-top: 0; }
a { color: light-dark(#1c5d5a, #86cbc3); }
blockquote { margin-inline: 0; padding-inline-start: 1rem; border-inline-start: 3px solid light-dark(#8c8577, #7c7568); }
code { font: .875em/1.5 ui-monospace, Consolas, monospace; background: light-dark(#f1eee7, #131210); padding: .1em .25em; }
pre { padding: 1rem; overflow-x: auto; background: light-dark(#f1eee7, #131210); }
pre code { padding: 0; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid light-dark(#e0dbd0, #38342e); padding: .4rem .7rem; text-align: start; }
hr { border: 0; border-top: 1px solid light-dark(#e0dbd0, #38342e); margin: 2.5rem 0; }
@media print { body { background: none; color: #000; padding: 0; } }
"""


def html_of(title: str, text: str, *, show_title: bool) -> bytes:
    """The page; the text's HTML is sanitised, and the page itself forbids whatever could be loaded or run."""
    heading = f"<h1>{escape(title)}</h1>\n" if show_title else ""
    return (
        '<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_LOOK}</style>\n</head>\n<body>\n"
        f"{heading}{render_markdown(text)}</body>\n</html>\n"
    ).encode()
