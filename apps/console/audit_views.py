"""Audit pages: search, one event, and the state of the chain."""

from __future__ import annotations

from typing import Any

import django_filters
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import allow
from apps.accounts.actors import Role
from apps.audit import heads, selectors
from apps.audit.models import AuditEvent
from apps.audit.words import verb_label
from apps.core.listing import Column, Empty, Listing, listing_page

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)


class EventFilter(django_filters.FilterSet):
    """Search by person, act, record and day."""

    who = django_filters.CharFilter(field_name="actor_name", lookup_expr="icontains", label="Person")
    verb = django_filters.CharFilter(lookup_expr="icontains", label="Act", help_text="")
    record = django_filters.CharFilter(method="by_record", label="Record")
    since = django_filters.DateFilter(field_name="at", lookup_expr="date__gte", label="From (YYYY-MM-DD)")
    until = django_filters.DateFilter(field_name="at", lookup_expr="date__lte", label="To (YYYY-MM-DD)")

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def by_record(self, queryset: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        return queryset.filter(record_name__icontains=value)


COLUMNS = [
    Column("at", "When", lambda e: e.at, sort="at", kind="time", url=lambda e: reverse("audit:event", args=[e.pk])),
    Column("who", "Who", lambda e: e.actor_name, sort="actor_name"),
    Column("role", "Role", lambda e: e.role.replace("_", " ")),
    Column("act", "Act", lambda e: verb_label(e.verb), sort="verb"),
    Column("record", "Record", lambda e: e.record_name),
    Column("reason", "Reason", lambda e: e.reason),
]


@allow(*READERS)
def event_list(request: HttpRequest) -> HttpResponse:
    listing = Listing(
        request, AuditEvent.objects.all(), COLUMNS, "Audit events", "events",
        Empty("No events yet", "Every act in Beacon leaves one."), EventFilter, default_sort="-at",
    )  # fmt: skip
    return listing_page(
        listing, title="Audit trail", verbs=[("Verify the trail", reverse("audit:verify"))],
        intro="Every governance act, who did it and why. Nothing here can be changed or removed.",
    )  # fmt: skip


@allow(*READERS)
def event_detail(request: HttpRequest, pk: int) -> HttpResponse:
    event = get_object_or_404(AuditEvent.objects.select_related("auditlink"), pk=pk)
    keys = sorted({*event.before, *event.after})
    changes = [(key.replace("_", " "), event.before.get(key, ""), event.after.get(key, "")) for key in keys]
    context: dict[str, Any] = {"event": event, "label": verb_label(event.verb), "changes": changes}
    return render(request, "audit/event.html", context)


@allow(*READERS)
def verify(request: HttpRequest) -> HttpResponse:
    """Walk the chain now and say whether it is whole."""
    problem = ""
    try:
        kept = heads.kept(settings.ENV.audit_heads)
    except heads.HeadsAltered as error:
        kept, problem = {}, str(error)
    verdict = selectors.verify(kept)
    return render(request, "audit/verify.html", {"verdict": verdict, "problem": problem, "kept": len(kept)})
