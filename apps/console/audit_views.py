"""Audit pages: search, one event, and the state of the chain."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.audit import heads
from apps.audit.models import AuditEvent, AuditHead, AuditLink
from apps.audit.signing import keyring
from apps.audit.words import happened, verb_label
from apps.console.audit_exports import FORMS, export
from apps.console.audit_filters import EventFilter, actor_ref, record_ref
from apps.console.chain_services import ASKED, VERIFIED, chain_verify_request
from apps.core import clock
from apps.core.errors import Invalid
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.people_files import people_file
from apps.core.verbs import saying
from apps.terms.difference import Part, difference

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
CRUMB = "Audit trail"
# A list says how many match up to here, and beyond only that there are more: counting a million takes its time.
COUNTED = 10_000


def _list(**asked: str) -> str:
    return f"{reverse('audit:events')}?{urlencode(asked)}"


COLUMNS = [
    Column("at", "When", lambda e: e.at, sort="at", kind="time", url=lambda e: reverse("audit:event", args=[e.pk])),
    Column("who", "Who", lambda e: e.actor_name),
    Column("role", "Role", lambda e: e.role.replace("_", " ")),
    Column("act", "Act", lambda e: verb_label(e.verb)),
    Column(
        "record", "Record", lambda e: e.record_name, url=lambda e: _list(record=record_ref(e.record_type, e.record_id))
    ),
    Column("reason", "Reason", lambda e: e.reason),
]


@allow(*READERS)
def event_list(request: HttpRequest) -> HttpResponseBase:
    """Search the audit trail."""
    listing = Listing(
        request, AuditEvent.objects.all(), COLUMNS, "Audit events", "events",
        Empty("No events yet", "Every act in Beacon leaves one."), EventFilter, default_sort="-at", counted_to=COUNTED,
    )  # fmt: skip
    form = request.GET.get("format", "")
    if form in FORMS:
        with saying(request):
            # A question that was not understood would be answered with everything.
            if listing.filter_set is not None and not listing.filter_set.is_valid():
                raise Invalid("The search has a mistake.", how_to_fix="Correct it, then export.")
            return people_file(
                request, what="Audit trail", form=form, rows=listing.matching.count,
                make=lambda: export(listing.matching, form), back=reverse("audit:events"),
            )  # fmt: skip
        return redirect("audit:events")
    return listing_page(
        listing, title=CRUMB, verbs=[("State of the chain", reverse("audit:chain"))], has_json=True,
        intro="Every governance act, who did it and why. Nothing here can be changed or removed.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """What an act did to one field: a word for it, and both values in one text."""

    field: str
    word: str
    kind: str
    parts: list[Part]


def _said(value: Any) -> str:
    """A value as people read it: lists and groups one line an entry."""
    if isinstance(value, dict):
        return "\n".join(f"{key.replace('_', ' ')}: {_said(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "\n".join(_said(one) for one in value)
    if value is None:
        return "none"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def changes_of(event: AuditEvent) -> list[Change]:
    """Field by field what was added, removed, changed or stayed."""
    found = []
    for key in sorted({*event.before, *event.after}):
        old, new = (_said(one[key]) if key in one else "" for one in (event.before, event.after))
        if key not in event.before:
            word, kind = "Added", "good"
        elif key not in event.after:
            word, kind = "Removed", "bad"
        else:
            word, kind = ("Same", "info") if old == new else ("Changed", "warn")
        found.append(Change(key.replace("_", " "), word, kind, difference(old, new)))
    return found


@allow(*READERS)
def event_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One event: what changed, its place in the chain, and what else happened to the record."""
    event = get_object_or_404(AuditEvent.objects.select_related("auditlink"), pk=pk)
    link: AuditLink | None = getattr(event, "auditlink", None)
    beside = AuditLink.objects.none()
    if link:
        beside = AuditLink.objects.filter(stream=link.stream, seq__in=[link.seq - 1, link.seq + 1])
    others = AuditEvent.objects.filter(record_type=event.record_type, record_id=event.record_id).exclude(pk=pk)
    label = verb_label(event.verb)
    context: dict[str, Any] = {
        "event": event, "label": label, "changes": changes_of(event), "link": link,
        "role": event.role.replace("_", " "),
        "hash": bytes(link.hash).hex() if link else "", "previous": bytes(link.previous).hex() if link else "",
        "beside": {("before" if link and one.seq < link.seq else "after"): one for one in beside},
        "of_record": _list(record=record_ref(event.record_type, event.record_id)),
        "of_actor": _list(person=actor_ref(event.actor_key)),
        "history": [happened(one) for one in others[:10]],
        "crumbs": [(CRUMB, reverse("audit:events")), (f"Event {pk}", "")],
    }  # fmt: skip
    return render(request, "audit/event.html", context)


@dataclass(frozen=True, slots=True)
class StreamState:
    """Where a stream of the chain ends, and the newest signed head of it that is kept outside the database."""

    name: str
    seq: int
    hash: str
    kept_seq: int | None
    kept_at: datetime | None
    is_behind: bool


def _states() -> list[StreamState]:
    newest = {line.stream: line for line in heads.lines(settings.ENV.audit_heads)}
    found = []
    for head in AuditHead.objects.order_by("stream"):
        line = newest.get(head.stream)
        late = line is None or (clock.now() - line.at).total_seconds() > 2 * 24 * 3600
        found.append(
            StreamState(
                head.stream, head.seq, bytes(head.hash).hex(), line.seq if line else None, line.at if line else None,
                is_behind=late and (line is None or line.seq < head.seq),
            )
        )  # fmt: skip
    return found


@allow(*READERS)
def chain(request: HttpRequest) -> HttpResponse:
    """The state of the chain: its streams, kept heads, keys, and when it was last walked."""
    last = AuditEvent.objects.filter(verb=VERIFIED).order_by("-pk").first()
    asked = AuditEvent.objects.filter(verb=ASKED, pk__gt=last.pk if last else 0).order_by("-pk").first()
    keys = keyring()
    current = keys.current()
    context = {
        "states": _states(), "last": last, "asked": asked, "may_verify": actor_of(request).has(Role.ADMINISTRATOR, Role.AUDITOR),
        "keys": [
            (hashlib.sha256(public).hexdigest(), key_id == current)
            for key_id, public in sorted(keys.public_keys().items(), key=lambda pair: pair[0] != current)
        ],
        "crumbs": [(CRUMB, reverse("audit:events")), ("State of the chain", "")],
    }  # fmt: skip
    return render(request, "audit/chain.html", context)


@allow(Role.ADMINISTRATOR, Role.AUDITOR)
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Have the chain walked; the answer stands on the page of its state."""
    with saying(request, "Beacon walks the chain. The answer will stand here: open this page again in a moment."):
        chain_verify_request(actor=actor_of(request))
    return redirect("audit:chain")
