"""Pages as PDF for people who take paper into a meeting, readable by screen readers (PDF/UA-1), the same bytes every time."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.template.loader import render_to_string

from apps.core.downloads import download
from apps.core.errors import BeaconError


class NoPrinter(BeaconError):
    """The libraries that set a page are not on this machine."""

    status = 503
    text = "This server cannot make PDF files."
    how_to_fix = "Ask the operator to install Pango (docs/runbook/deploy.md). The page itself can be printed meanwhile."


def pdf(template: str, context: dict[str, Any]) -> bytes:
    """A template that extends `core/paper.html`, set as a tagged PDF. The same context gives the same bytes.

    Raises `NoPrinter` where Pango is missing. Nothing is fetched: styles come from our own static files.
    """
    try:
        import weasyprint  # late: it loads the C libraries
    except OSError as missing:
        raise NoPrinter() from missing
    # A page's own charts travel inside it; nothing is asked of anybody, and what would be stops the making.
    inside = weasyprint.URLFetcher(allowed_protocols=["data"], allow_redirects=False, fail_on_errors=True)
    html = weasyprint.HTML(string=render_to_string(template, context), url_fetcher=inside)
    style = weasyprint.CSS(filename=cast(str, finders.find("dist/paper.css")), url_fetcher=inside)
    # A file's identifier would otherwise be drawn by chance.
    return cast(
        bytes, html.write_pdf(stylesheets=[style], pdf_variant="pdf/ua-1", pdf_identifier=b"beacon", pdf_tags=True)
    )


def pdf_download(content: bytes, name: str) -> HttpResponse:
    """The file as a download."""
    return download(content, name, "application/pdf")
