"""Pages of emergency stops: whom they concern, how far seats and vendor have followed, and lifting them."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.agencies.models import Agency
from apps.agencies.selectors import employees_visible_to
from apps.audit.words import history
from apps.console.stops import first_call, stop_progress
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import NumberForm, ReasonForm, form_page
from apps.licenses import protection_services
from apps.licenses.models import EmergencyStop
from apps.licenses.selectors import stop_people, stops_visible_to
from apps.rollout.models import Phase

_STOPS = ("Emergency stops", "console:stops")
_WATCHERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)


class StopFilter(django_filters.FilterSet):
    scope = django_filters.ChoiceFilter(choices=EmergencyStop.Scope.choices, label="Scope")
    active = django_filters.BooleanFilter(
        field_name="lifted_at", lookup_expr="isnull", label="State",
        widget=forms.Select(choices=[("", "Any"), ("true", "In force"), ("false", "Lifted")]),
    )  # fmt: skip

    class Meta:
        model = EmergencyStop
        fields: list[str] = []


COLUMNS = [
    Column("whom", "Whom", lambda s: s.whom, url=lambda s: reverse("console:stop", args=[s.pk])),
    Column("scope", "Scope", lambda s: s.get_scope_display(), sort="scope"),
    Column("state", "State", lambda s: "In force" if s.is_active else "Lifted", tag=lambda s: "bad" if s.is_active else "neutral"),
    Column("people", "People", lambda s: s.people, sort="people", kind="number"),
    Column("since", "Since", lambda s: s.started_at, sort="started_at", kind="time"),
    Column("by", "By", lambda s: s.started_by, sort="started_by"),
    Column("reason", "Reason", lambda s: s.reason),
]  # fmt: skip


@allow(*_WATCHERS)
def stop_list(request: HttpRequest) -> HttpResponse:
    """See emergency stops."""
    actor = actor_of(request)
    listing = Listing(
        request, stops_visible_to(actor), COLUMNS, "Emergency stops", "stops",
        Empty("No emergency stop", "Access can be stopped at once for a person, an agency, a phase or everyone."),
        StopFilter, default_sort="-since", names_people=True,
    )  # fmt: skip
    return listing_page(
        listing, "console/stops.html", may=actor.has(Role.ADMINISTRATOR, Role.PRIVACY), agencies=Agency.objects.all(),
        phases=Phase.objects.exclude(state="draft"),
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, Role.PRIVACY, sensitive=True)
def stop_new(request: HttpRequest, scope: str) -> HttpResponse:
    """Say whom it concerns and ask for a reason and, for more than one person, their number."""
    target = _target(request, scope)
    found = EmergencyStop(scope=scope, **target)
    people = stop_people(found).count()
    form_class = ReasonForm if scope == "person" else NumberForm
    back = reverse(_STOPS[1])
    if target.get("employee"):
        back = reverse("console:person", args=[target["employee"].pk])
    return form_page(
        request, title=f"Stop access: {found.whom}", form_class=form_class, submit="Stop access now", back=back,
        act=lambda data: protection_services.stop_start(actor=actor_of(request), scope=scope, **target, **data),
        done="Access is being stopped. This page shows how far it is.",
        to=lambda stop: reverse("console:stop", args=[stop.pk]), crumbs=[(_STOPS[0], reverse(_STOPS[1]))],
        consequences=[
            f"People with a live seat: {people:,}. They lose access at the vendor, ahead of everything else.",
            "Nobody under the stop gets a seat while it lasts. Nothing else is lost.",
            "Lifting the stop is a separate act; then access comes back by itself.",
        ],
    )  # fmt: skip


def _target(request: HttpRequest, scope: str) -> dict[str, Any]:
    """The person, agency or phase that the address names; nothing for everyone."""
    if scope == "everyone":
        return {}
    given = request.GET.get("id", "")
    if not given.isdecimal() or len(given) > 15:
        raise Http404
    pk = int(given)
    if scope == "person":
        return {"employee": get_object_or_404(employees_visible_to(actor_of(request)), pk=pk)}
    if scope == "agency":
        return {"agency": get_object_or_404(Agency, pk=pk)}
    return {"phase": get_object_or_404(Phase, pk=pk)}


@allow(*_WATCHERS)
def stop_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See one emergency stop and how far it has got."""
    actor = actor_of(request)
    stop = get_object_or_404(stops_visible_to(actor), pk=pk)
    context = {
        "stop": stop, "progress": stop_progress(stop), "history": history(stop), "first_call": first_call(stop),
        "may_lift": stop.is_active and actor.has(Role.ADMINISTRATOR, Role.PRIVACY),
        "crumbs": [(_STOPS[0], reverse(_STOPS[1])), (stop.whom, "")],
    }  # fmt: skip
    return render(request, "console/stop.html", context)


@allow(*_WATCHERS)
def stop_progress_part(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress component alone, asked for every few seconds."""
    stop = get_object_or_404(stops_visible_to(actor_of(request)), pk=pk)
    return render(request, "console/_stop_progress.html", {"stop": stop, "progress": stop_progress(stop)})


@allow(Role.ADMINISTRATOR, Role.PRIVACY, sensitive=True)
def stop_lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Lift an emergency stop."""
    stop = get_object_or_404(stops_visible_to(actor_of(request)), pk=pk)
    back = reverse("console:stop", args=[pk])
    return form_page(
        request, title=f"Lift the stop: {stop.whom}", form_class=ReasonForm, submit="Lift the stop", back=back,
        act=lambda data: protection_services.stop_lift(actor=actor_of(request), stop=stop, **data),
        done="Lifted. Access comes back to everyone who meets every requirement.",
        consequences=["Everyone who still meets every requirement gets access back, without asking again."],
        crumbs=[(_STOPS[0], reverse(_STOPS[1])), (stop.whom, back)],
    )  # fmt: skip
