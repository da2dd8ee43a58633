"""Pages of requests: the queue, one request, deciding one or hundreds, and a person's own seat."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.agencies.selectors import contacts_for
from apps.audit.words import history
from apps.core import clock
from apps.core.errors import BeaconError
from apps.core.listing import Column, Empty, Listing, chosen, ids_of, listing_page
from apps.core.task_types import TASK_TYPES
from apps.core.verbs import EmptyForm, form_page, saying
from apps.licenses import services
from apps.licenses.models import Seat, SeatRequest
from apps.licenses.selectors import requests_visible_to, why_not_decide
from apps.rollout.models import PhaseAgency
from apps.rollout.selectors import place_of

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.CONTACT)
STATE_TAGS = {
    "submitted": "info", "approved": "good", "declined": "neutral", "withdrawn": "neutral", "expired": "warn",
}  # fmt: skip


class RequestFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=SeatRequest.State.choices, label="State")
    name = django_filters.CharFilter(method="by_name", label="Name")
    agency = django_filters.ModelChoiceFilter(
        field_name="employee__agency", queryset=Agency.objects.all(), label="Agency"
    )

    class Meta:
        model = SeatRequest
        fields: list[str] = []

    def by_name(self, queryset: QuerySet[SeatRequest], name: str, value: str) -> QuerySet[SeatRequest]:
        for word in value.split()[:3]:
            queryset = queryset.filter(employee__last_name__istartswith=word) | queryset.filter(
                employee__first_name__istartswith=word
            )
        return queryset


COLUMNS = [
    Column(
        "name", "Name", lambda r: f"{r.employee.last_name}, {r.employee.first_name}",
        sort="employee__last_name,employee__first_name", url=lambda r: reverse("licenses:request", args=[r.pk]),
    ),
    Column("agency", "Agency", lambda r: r.employee.agency.name, sort="employee__agency__name"),
    Column("state", "State", lambda r: r.get_state_display(), sort="state", tag=lambda r: STATE_TAGS[r.state]),
    Column("asked", "Asked", lambda r: r.submitted_at, sort="submitted_at", kind="time"),
    Column("tasks", "For", lambda r: ", ".join(r.task_labels)),
    Column("decided", "Decided by", lambda r: r.decided_by_name, sort="decided_by_name"),
]  # fmt: skip


def _queue(request: HttpRequest) -> Listing:
    return Listing(
        request, requests_visible_to(actor_of(request)), COLUMNS, "Seat requests", "requests",
        Empty("No requests yet", "They appear here as employees ask."), RequestFilter, default_sort="asked",
        checks="bulk", check_label=lambda r: f"Select {r.employee}", names_people=True,
    )  # fmt: skip


@allow(*READERS)
def request_list(request: HttpRequest) -> HttpResponse:
    """See requests for seats, and decide many at once."""
    if not request.GET:
        return redirect(f"{request.path}?state=submitted")
    listing, actor = _queue(request), actor_of(request)
    decides = actor.has(Role.CONTACT, Role.ADMINISTRATOR) and not actor.is_system
    page_ids = ",".join(str(row.pk) for row in listing.page.object_list)
    places = PhaseAgency.objects.filter(is_current=True, phase__state="open")
    if not actor.has(Role.ADMINISTRATOR):
        places = places.filter(agency__in=actor.agency_ids)
    free = sum(place.seats_free for place in places)
    return listing_page(
        listing, "licenses/requests.html", title="Seat requests", decides=decides, page_ids=page_ids, seats_left=free
    )


@allow(Role.CONTACT, Role.ADMINISTRATOR)
@require_POST
def decide_check(request: HttpRequest) -> HttpResponse:
    """The page before it happens: who, how many, and how many seats there are."""
    actor, ids = actor_of(request), chosen(request, _queue, state="submitted")
    asked = list(requests_visible_to(actor).filter(pk__in=ids).order_by("employee__last_name", "pk"))
    ready = [one for one in asked if why_not_decide(actor, one) is None]
    refused = [(one, why_not_decide(actor, one)) for one in asked if why_not_decide(actor, one)]
    agencies = {one.employee.agency_id for one in ready}
    free = sum(p.seats_free for p in PhaseAgency.objects.filter(agency__in=agencies, is_current=True))
    context = {
        "approve": request.POST.get("verb") == "approve", "ready": ready, "refused": refused, "free": free,
        "ids": ",".join(str(one.pk) for one in ready), "back": reverse("licenses:requests"),
        "over": max(0, len(ready) - free),
    }  # fmt: skip
    return render(request, "licenses/decide_check.html", context)


@allow(Role.CONTACT, Role.ADMINISTRATOR)
@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Decide the frozen selection and show what became of each."""
    ids = ids_of(request.POST.get("ids", "").split(","))
    approve, reason = request.POST.get("approve") == "yes", request.POST.get("reason", "")
    try:
        outcomes = services.requests_decide(actor=actor_of(request), request_ids=ids, approve=approve, reason=reason)
    except BeaconError as refusal:
        return render(request, "core/refused.html", {"reasons": refusal.reasons, "status": 409}, status=409)
    held = set(
        Seat.objects.filter(request__in=[o.request.pk for o in outcomes])
        .exclude(state="released")
        .values_list("request_id", flat=True)
    )
    rows = [(o, o.request.pk in held) for o in outcomes]
    context = {"rows": rows, "approve": approve, "done": sum(o.is_done for o in outcomes), "total": len(ids)}
    return render(request, "licenses/decided.html", context)


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(
        label="Decision", choices=[("approve", "Approve"), ("decline", "Decline")], widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label="Reason", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed to decline. The employee reads it.",
    )  # fmt: skip


@allow()
def request_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See a request, and decide it."""
    actor = actor_of(request)
    asked = get_object_or_404(requests_visible_to(actor), pk=pk)
    refusal = why_not_decide(actor, asked)

    def act(data: dict[str, Any]) -> SeatRequest:
        verb = services.request_approve if data["decision"] == "approve" else services.request_decline
        return verb(actor=actor, request=asked, reason=data["reason"])

    crumbs = [("Seat requests", reverse("licenses:requests"))] if actor.has(*READERS) else []
    return form_page(
        request, title=f"{asked.employee} asks for a seat", form_class=DecisionForm, act=act, submit="Decide",
        done=lambda decided: f"The request of {decided.employee} is {decided.get_state_display().lower()}.",
        back=reverse("licenses:request", args=[pk]), template="licenses/request.html", crumbs=crumbs, asked=asked,
        tag=STATE_TAGS[asked.state], refusal=refusal, history=history(asked), place=place_of(asked.employee.agency_id),
        is_own=asked.employee_id == actor.employee_id,
        is_late=asked.state == "submitted" and clock.now() - asked.submitted_at > timedelta(days=3),
    )  # fmt: skip


# ---- one's own seat ------------------------------------------------------------------------------------------


class AskForm(forms.Form):
    task_types = forms.MultipleChoiceField(
        label="What would you use the assistant for?", choices=list(TASK_TYPES.items()),
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    note = forms.CharField(
        label="A note to your contact", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


@allow()
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a seat."""
    actor = actor_of(request)
    last = SeatRequest.objects.filter(employee=actor.employee_id or 0).order_by("-pk").first()
    return form_page(
        request, title="Ask for a seat", form_class=AskForm, submit="Send the request", back=reverse("console:home"),
        act=lambda data: services.request_submit(actor=actor, **data), done="Your request is with your agency's contact.",
        initial={"task_types": last.task_types, "note": last.note} if last else None, template="licenses/ask.html",
        contacts=_contacts(actor),
    )  # fmt: skip


def _contacts(actor: Actor) -> list[str]:
    agency = Agency.objects.filter(pk=actor.agency_id or 0).first()
    return [str(contact.employee) for contact in contacts_for(agency)] if agency else []


@allow()
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw one's request."""
    asked = get_object_or_404(requests_visible_to(actor_of(request)), pk=pk)
    with saying(request, "Your request is withdrawn."):
        services.request_withdraw(actor=actor_of(request), request=asked)
    return redirect("console:home")


@allow()
def hand_back(request: HttpRequest) -> HttpResponse:
    """Hand one's seat back."""
    return form_page(
        request, title="Hand your seat back", form_class=EmptyForm, submit="Hand it back now",
        act=lambda data: services.seat_hand_back(actor=actor_of(request)), back=reverse("console:home"),
        done="Your seat is handed back. You may ask again at any time.",
        consequences=["Your access ends today.", "Nobody is told who handed a seat back, and no reason is asked."],
    )  # fmt: skip


@allow()
def decline(request: HttpRequest) -> HttpResponse:
    """Say that one does not take part."""
    return form_page(
        request, title="Do not take part", form_class=EmptyForm, submit="I do not want a seat",
        act=lambda data: services.participation_decline(actor=actor_of(request)), back=reverse("console:home"),
        done="You get no reminders and appear in no list. Asking for a seat brings you back.",
        consequences=["You get no reminders.", "No report names you.", "You can come back in one step."],
    )  # fmt: skip
