"""What Beacon mailed, to look at without a mailbox. In no other settings than the demo's."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from apps.mail.models import Message

SHOWN = 50
_STYLE = re.compile(r' style="([^"]*)"')


@login_not_required
def mail(request: HttpRequest) -> HttpResponse:
    """The last messages, newest first."""
    latest = Message.objects.select_related("body").exclude(state=Message.State.SUPPRESSED)[:SHOWN]
    return render(request, "demo/mail.html", {"latest": latest})


@login_not_required
def mail_html(request: HttpRequest, pk: int) -> HttpResponse:  # noqa: ARG001 - as every view
    """A message as a mail program shows it, in a sandbox of its own.

    Mail needs its styles inside the tags, which no policy of ours allows. They become classes of one style sheet, and
    the policy allows exactly that sheet, by its hash; no script, no form, nothing from anywhere.
    """
    message = get_object_or_404(Message.objects.select_related("body"), pk=pk)
    html, sheet = styled(message.html)
    digest = b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    response = HttpResponse(html.replace("</head>", f"<style>{sheet}</style></head>", 1))
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'; sandbox"
    )
    return response


def styled(html: str) -> tuple[str, str]:
    """The page with classes in place of styles, and the sheet that gives them their look."""
    rules: dict[str, str] = {}

    def name(found: re.Match[str]) -> str:
        return f' class="{rules.setdefault(found[1], f"m{len(rules)}")}"'

    page = _STYLE.sub(name, html)
    return page, "".join(f".{title}{{{rule}}}" for rule, title in rules.items())
