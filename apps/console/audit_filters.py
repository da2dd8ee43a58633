"""Searching the audit trail by person, act, record, stream and day; each question has an index (audit/0004)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import reduce
from operator import and_

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.agencies.models import Employee
from apps.audit.models import AuditEvent
from apps.audit.selectors import streams, verbs
from apps.audit.words import verb_label
from apps.core import clock
from apps.licenses.models import Seat, SeatRequest

# A record by its kind and number, as links write it: "licenses.Seat:12".
_EXACT = re.compile(r"^(?P<type>[a-z_]+\.[A-Za-z]+):(?P<id>\S+)$")
# An actor by their key, as links write it.
_KEY = "key:"
# Beyond so many people of one name the trail is searched by the names in it alone.
_PEOPLE = 200
_LEAST = 3
ACTED, SUBJECT = "actor", "subject"


def record_ref(record_type: str, record_id: str) -> str:
    """How the address of the list asks for one record's events."""
    return f"{record_type}:{record_id}"


def actor_ref(key: str) -> str:
    """How the address of the list asks for what one actor did."""
    return f"{_KEY}{key}"


def _verbs() -> list[tuple[str, str]]:
    return [(verb, f"{verb.partition('.')[0].capitalize()}: {verb_label(verb)}") for verb in verbs()]


def _streams() -> list[tuple[str, str]]:
    return [(stream, stream.capitalize()) for stream in streams()]


class _Text(forms.CharField):
    """Three letters at least: fewer are in half of all names, and no index knows them."""

    def clean(self, value: object) -> str:
        text = str(super().clean(value))
        if text and len(text) < _LEAST:
            raise ValidationError("Give three letters at least.")
        return text


class _TextFilter(django_filters.Filter):
    field_class = _Text


class EventFilter(django_filters.FilterSet):
    """Search by person, act, record, stream and day."""

    person = _TextFilter(method="by_person", label="Person (name, e-mail or employee id)")
    part = django_filters.ChoiceFilter(
        method="by_nothing", label="The person", empty_label="Acted, or it was about them",
        choices=[(ACTED, "Acted"), (SUBJECT, "It was about them")],
    )  # fmt: skip
    verb = django_filters.ChoiceFilter(label="Act", choices=_verbs)
    record = _TextFilter(method="by_record", label="Record")
    stream = django_filters.ChoiceFilter(label="Stream", choices=_streams)
    since = django_filters.DateFilter(
        method="by_since", label="From", widget=forms.DateInput(attrs={"type": "date"})
    )  # fmt: skip
    until = django_filters.DateFilter(
        method="by_until", label="To", widget=forms.DateInput(attrs={"type": "date"})
    )  # fmt: skip

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def by_nothing(self, queryset: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        """Read together with the person."""
        return queryset

    def by_person(self, queryset: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        part = self.form.cleaned_data.get("part") or ""
        if value.startswith(_KEY):
            return queryset.filter(actor_key=value.removeprefix(_KEY))
        acted, about = _person(value)
        return queryset.filter({ACTED: acted, SUBJECT: about}.get(part, acted | about))

    def by_record(self, queryset: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        exact = _EXACT.match(value)
        if exact:
            return queryset.filter(record_type=exact["type"], record_id=exact["id"])
        return queryset.filter(record_name__icontains=value)

    def by_since(self, queryset: QuerySet[AuditEvent], name: str, value: date) -> QuerySet[AuditEvent]:
        return queryset.filter(at__gte=clock.end_of(value - timedelta(days=1)))

    def by_until(self, queryset: QuerySet[AuditEvent], name: str, value: date) -> QuerySet[AuditEvent]:
        return queryset.filter(at__lt=clock.end_of(value))


def _person(text: str) -> tuple[Q, Q]:
    """The events in which people of this name acted, and those about them, their seats and their requests.

    Names are frozen into events: whoever had the name then is found by it, and by a later one too.
    """
    words = text.split()
    users = list(
        User.objects.filter(reduce(and_, (Q(name__icontains=word) | Q(email__icontains=word) for word in words)))
        .values_list("pk", "key")[:_PEOPLE]
    )  # fmt: skip
    named = (
        Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(email__icontains=word) | Q(employee_id__iexact=word)
        for word in words
    )  # fmt: skip
    people = list(Employee.objects.filter(reduce(and_, named)).values_list("pk", flat=True)[:_PEOPLE])
    acted = Q(actor_name__icontains=text) | Q(actor_key__in=[str(key) for _, key in users])
    about = Q(record_name__icontains=text)
    theirs = {
        Employee: people,
        User: [pk for pk, _ in users],
        Seat: list(Seat.objects.filter(employee__in=people).values_list("pk", flat=True)),
        SeatRequest: list(SeatRequest.objects.filter(employee__in=people).values_list("pk", flat=True)),
    }
    for model, ids in theirs.items():
        if ids:
            about |= Q(record_type=model._meta.label, record_id__in=[str(pk) for pk in ids])
    return acted, about
