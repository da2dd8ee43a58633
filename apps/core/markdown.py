"""Markdown of people into safe HTML: no raw HTML is let through, and what comes out is cleaned once more.

The one place where text becomes markup.
"""

from __future__ import annotations

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")
_TAGS = {
    "p", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "blockquote", "code", "pre", "a", "br", "hr",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


def rendered(text: str) -> SafeString:
    """Headings begin at level 2, because the page has the first. Links get no script addresses."""
    html = _PARSER.render(text).replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    cleaned = nh3.clean(html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"https", "mailto"})
    return mark_safe(cleaned)  # noqa: S308 - cleaned by nh3 in the line above
