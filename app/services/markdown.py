"""Markdown of people and models as HTML that is safe to show: no raw HTML, no foreign images, no odd links."""

import re

import nh3
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])

_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ABSOLUTE = re.compile(r"(?:https?|mailto):", re.IGNORECASE)


def render_markdown(text: str) -> str:
    """Sanitised HTML. Remote images are dropped (they tell a stranger who reads), links open nothing but http(s) and mail."""
    return nh3.clean(
        _MARKDOWN.render(text),
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}, "td": {"align"}, "th": {"align"}},
        url_schemes={"http", "https", "mailto"},
        attribute_filter=_only_absolute_links,
        link_rel="noopener noreferrer nofollow",
    )


def _only_absolute_links(tag: str, attribute: str, value: str) -> str | None:
    """`//host` and relative addresses would lead somewhere the writer does not see."""
    if tag == "a" and attribute == "href" and not _ABSOLUTE.match(value):
        return None
    return value
