"""Pages of incidents: the board by clock, one incident, and the acts on it."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.incidents import report_services, services
from apps.incidents.lifecycle import INCIDENT, PRIVACY_ONLY, VERBS
from apps.incidents.models import SEVERITIES, BreachAssessment, Incident
from apps.incidents.pages import BOARD, act_page
from apps.incidents.selectors import (
    incidents_visible_to,
    is_reporter,
    may_handle,
    others_in_sight,
    own_part,
    require_handler,
)
from apps.incidents.taxonomy import CATEGORIES
from apps.incidents.timeline import MOST

STATE_TAGS = {"new": "warn", "closed": "neutral", "dismissed": "neutral", "contained": "good"}


class IncidentFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Incident.State.choices, label="State")
    category = django_filters.ChoiceFilter(choices=list(CATEGORIES.items()), label="Kind")
    severity = django_filters.ChoiceFilter(choices=SEVERITIES, label="Severity", null_label="Unknown")
    agency = django_filters.ModelChoiceFilter(queryset=Agency.objects.all(), label="Agency")

    class Meta:
        model = Incident
        fields: list[str] = []


COLUMNS = [
    Column("number", "Incident", str, sort="id", url=lambda i: reverse("incidents:incident", args=[i.pk])),
    Column("category", "Kind", lambda i: i.get_category_display(), sort="category"),
    Column("severity", "Severity", lambda i: i.severity_label, sort="severity"),
    Column("state", "State", lambda i: i.get_state_display(), sort="state", tag=lambda i: STATE_TAGS.get(i.state, "info")),
    Column("clock", "Acknowledge", lambda i: i.clock.words, sort="acknowledge_by", tag=lambda i: i.clock.kind),
    Column("agency", "Agency", lambda i: i.agency.name if i.agency else "Not given", sort="agency__name"),
    Column("near", "Near miss", lambda i: "Yes" if i.is_near_miss else "No", sort="is_near_miss"),
    Column("reported", "Reported", lambda i: i.reported_at, sort="reported_at", kind="time"),
]  # fmt: skip


@allow()
def incident_list(request: HttpRequest) -> HttpResponse:
    """The board, by clock; everybody finds the reports of their own here."""
    listing = Listing(
        request, incidents_visible_to(actor_of(request)), COLUMNS, "Incidents", "incidents",
        Empty("No incidents", "What you report or handle appears here.", reverse("incidents:report"), "Report a problem"),
        IncidentFilter, default_sort="clock",
    )  # fmt: skip
    return listing_page(listing, title="Incidents", verbs=[("Report a problem", reverse("incidents:report"))])


@allow()
def incident_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One incident. What was written is for the privacy office and its handlers; reporters read their own part."""
    actor = actor_of(request)
    incident = get_object_or_404(incidents_visible_to(actor), pk=pk)
    handles, reported = may_handle(actor, incident), is_reporter(actor, incident)
    context: dict[str, Any] = {
        "incident": incident, "handles": handles, "is_reporter": reported, "tag": STATE_TAGS.get(incident.state, "info"),
        "timeline": None, "verbs": _verbs(actor, incident) if handles else [],
        # The reporter and contacts read an office, and not a person who could be pressed.
        "handlers": incident.handlers.all() if handles or actor.sees_everyone else [],
        "other": incident.duplicate_of_id if others_in_sight(actor, [incident]) else None,
        "duplicates": incidents_visible_to(actor).filter(duplicate_of=incident),
        "may_add": reported and not incident.is_over, "crumbs": [(BOARD[0], reverse(BOARD[1])), (str(incident), "")],
        "may_name": actor.has(Role.PRIVACY) and not incident.is_over,
        "desk": BreachAssessment.objects.filter(incident=incident).first() if actor.has(Role.PRIVACY, Role.AUDITOR) else None,
    }  # fmt: skip
    if handles:
        context |= {
            "tasks": list(incident.tasks.all()), "files": {one.entry_id: one for one in incident.attachments.all()},
            "concerned": list(incident.concerned.all()),
        }  # fmt: skip
        context["timeline"] = [(entry, context["files"].get(entry.pk)) for entry in incident.timeline.all()]
    elif reported:
        context["timeline"] = [(entry, None) for entry in own_part(incident)]
    return render(request, "incidents/incident.html", context)


def _verbs(actor: Actor, incident: Incident) -> list[tuple[str, str]]:
    verbs = [] if incident.is_over else [("Triage", reverse("incidents:triage", args=[incident.pk]))]
    verbs += [
        (label, reverse("incidents:move", args=[incident.pk, state]))
        for state, label in VERBS.items()
        if INCIDENT.allows(incident.state, state) and (state not in PRIVACY_ONLY or actor.has(Role.PRIVACY))
    ]
    if not incident.is_over and incident.state != Incident.State.NEW:
        verbs.append(("Contain", reverse("incidents:contain", args=[incident.pk])))
        if actor.has(Role.PRIVACY):
            verbs.append(("Breach desk", reverse("incidents:breach", args=[incident.pk])))
    if actor.has(Role.PRIVACY) and INCIDENT.allows(incident.state, Incident.State.DISMISSED):
        verbs.append(("Merge into another", reverse("incidents:merge", args=[incident.pk])))
    said = [("Add a note", "note")] if incident.is_over else [("Add a note", "note"), ("Ask the reporter", "ask")]
    verbs += [(label, reverse("incidents:say", args=[incident.pk, verb])) for label, verb in said]
    if not incident.is_over:
        added = [("Add a task", "task-new"), ("Add a file", "file-add"), ("Note a person concerned", "concern")]
        verbs += [(label, reverse(f"incidents:{name}", args=[incident.pk])) for label, name in added]
    return verbs


class TriageForm(forms.Form):
    category = forms.ChoiceField(label="Kind", choices=list(CATEGORIES.items()))
    severity = forms.TypedChoiceField(label="Severity", choices=SEVERITIES, coerce=int, widget=forms.RadioSelect)
    agency = forms.ModelChoiceField(label="Agency", queryset=Agency.objects.all(), required=False)
    is_near_miss = forms.BooleanField(label="Near miss: nothing happened in the end", required=False)
    aware_at = forms.DateTimeField(
        label="When the state first knew of it", required=False,
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        help_text="The breach desk counts its days from here. Leave it empty where the moment on record is right.",
    )  # fmt: skip
    note = forms.CharField(
        label="Note", widget=forms.Textarea(attrs={"rows": 3}), max_length=MOST - 200, required=False
    )


@allow()
def triage(request: HttpRequest, pk: int) -> HttpResponse:
    """Triage an incident."""
    incident = get_object_or_404(incidents_visible_to(actor_of(request)), pk=pk)
    require_handler(actor_of(request), incident)
    initial = {name: getattr(incident, name) for name in ("category", "severity", "agency", "is_near_miss")}
    return act_page(
        request, incident, "Triage", TriageForm, initial=initial,
        act=lambda data: services.incident_triage(
            actor=actor_of(request), incident=incident, detected_on=incident.detected_on, **data
        ),
    )  # fmt: skip


class TextForm(forms.Form):
    text = forms.CharField(label="Text", widget=forms.Textarea(attrs={"rows": 5}), max_length=MOST)


class MoveForm(forms.Form):
    reason = forms.CharField(
        label="Reason", widget=forms.Textarea(attrs={"rows": 3}), max_length=MOST - 200, required=False,
        help_text="Needed to dismiss or reopen. It stands in the timeline, for those who handle the incident.",
    )  # fmt: skip


@allow()
def move(request: HttpRequest, pk: int, state: str) -> HttpResponse:
    """Move an incident on."""
    incident = get_object_or_404(incidents_visible_to(actor_of(request)), pk=pk)
    require_handler(actor_of(request), incident)
    return act_page(
        request, incident, VERBS[state], MoveForm,
        act=lambda data: services.incident_move(actor=actor_of(request), incident=incident, state=state, **data),
    )  # fmt: skip


_SAID = {
    "note": ("Add a note", services.incident_note),
    "ask": ("Ask the reporter", services.incident_ask),
    "answer": ("Add to my report", report_services.incident_answer),
}


@allow()
def say(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """A note or a question of those who handle it, or an answer of the reporter."""
    actor = actor_of(request)
    incident = get_object_or_404(incidents_visible_to(actor), pk=pk)
    if verb == "answer" and not is_reporter(actor, incident):
        raise Http404
    if verb != "answer":
        require_handler(actor, incident)
    title, service = _SAID[verb]
    return act_page(
        request, incident, title, TextForm, act=lambda data: service(actor=actor, incident=incident, **data),
        intro="It stands in the timeline and cannot be changed. A correction is another entry.",
    )  # fmt: skip
