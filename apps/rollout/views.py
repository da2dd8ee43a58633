"""Pages of phases: list, record, and the verbs on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.audit.words import history
from apps.core.errors import NotFound
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import ReasonForm, form_page, saying
from apps.rollout import services
from apps.rollout.gates import gates_of
from apps.rollout.lifecycle import PHASE
from apps.rollout.models import GateWaiver, Phase, PhaseAgency
from apps.rollout.selectors import phases_visible_to, places_to_attest, used_in_phase

STATE_TAGS = {
    "draft": "neutral", "scheduled": "info", "open": "good", "paused": "warn", "closed": "neutral", "rolled_back": "bad",
}  # fmt: skip
# What each step is called, what it does, and which service takes it.
VERBS: dict[str, tuple[str, str, str, Callable[..., Phase]]] = {
    "schedule": ("scheduled", "Schedule", "Agencies and dates stand; the gates decide when it can open.", services.phase_schedule),
    "open": ("open", "Open", "Employees of its agencies may ask for seats from now on.", services.phase_open),
    "pause": ("paused", "Pause", "No new seats are given; those held stay.", services.phase_pause),
    "resume": ("open", "Resume", "Seats are given again.", services.phase_resume),
    "close": ("closed", "Close", "The phase ends; its agencies stay covered.", services.phase_close),
    "roll-back": ("rolled_back", "Roll back", "Every holder of the phase is suspended.", services.phase_roll_back),
}  # fmt: skip


def _phase(request: HttpRequest, number: int) -> Phase:
    phase = phases_visible_to(actor_of(request)).filter(number=number).first()
    if phase is None:
        raise NotFound()
    return phase


def _crumbs(phase: Phase) -> list[tuple[str, str]]:
    return [("Phases", reverse("rollout:phases")), (str(phase), reverse("rollout:phase", args=[phase.number]))]


class PhaseFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Phase.State.choices, label="State")

    class Meta:
        model = Phase
        fields: list[str] = []


COLUMNS = [
    Column("phase", "Phase", str, sort="number", url=lambda p: reverse("rollout:phase", args=[p.number])),
    Column("state", "State", lambda p: p.get_state_display(), sort="state", tag=lambda p: STATE_TAGS[p.state]),
    Column("start", "Planned start", lambda p: p.planned_start, sort="planned_start", kind="date"),
    Column("agencies", "Agencies", lambda p: p.agency_count, sort="agency_count", kind="number"),
    Column("used", "Seats in use", lambda p: p.seats_used, sort="seats_used", kind="number"),
    Column("cap", "Seat cap", lambda p: p.seat_cap, sort="seat_cap", kind="number"),
]


@allow()
def phase_list(request: HttpRequest) -> HttpResponse:
    """See the phases."""
    actor = actor_of(request)
    columns = [column for column in COLUMNS if column.key != "used" or actor.sees_everyone]
    listing = Listing(
        request, phases_visible_to(actor), columns, "Phases", "phases",
        Empty("No phases yet", "A phase brings some agencies to the assistant together."), PhaseFilter, default_sort="phase",
    )  # fmt: skip
    verbs = [("Plan a phase", reverse("rollout:phase-new"))] if actor.has(Role.ADMINISTRATOR) else []
    return listing_page(listing, title="Phases", verbs=verbs)


class PhaseForm(forms.Form):
    number = forms.IntegerField(label="Number", min_value=1, max_value=999)
    name = forms.CharField(label="Name", max_length=120)
    goal = forms.CharField(label="Goal", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    planned_start = forms.DateField(label="Planned start", widget=forms.DateInput(attrs={"type": "date"}))
    planned_end = forms.DateField(label="Planned end", widget=forms.DateInput(attrs={"type": "date"}))
    seat_cap = forms.IntegerField(label="Seat cap", min_value=1)
    required_courses = forms.CharField(
        label="Required courses", required=False, help_text="Course codes, separated by commas."
    )
    training_before_access = forms.BooleanField(
        label="Training before access", required=False, initial=True, help_text="Shown on every report."
    )

    def clean_required_courses(self) -> list[str]:
        return [code.strip().upper() for code in self.cleaned_data["required_courses"].split(",") if code.strip()]


@allow(Role.ADMINISTRATOR)
def phase_new(request: HttpRequest) -> HttpResponse:
    """Plan a phase."""
    return form_page(
        request, title="Plan a phase", form_class=PhaseForm, submit="Plan the phase", back=reverse("rollout:phases"),
        act=lambda data: services.phase_create(actor=actor_of(request), **data),
        done=lambda phase: f"{phase} is planned as a draft. Add its agencies next.",
        to=lambda phase: reverse("rollout:phase", args=[phase.number]),
        crumbs=[("Phases", reverse("rollout:phases"))],
    )  # fmt: skip


@allow(Role.ADMINISTRATOR)
def phase_edit(request: HttpRequest, number: int) -> HttpResponse:
    """Change a phase."""
    phase = _phase(request, number)
    names = list(PhaseForm.base_fields)
    initial = {name: getattr(phase, name) for name in names} | {"required_courses": ", ".join(phase.required_courses)}

    def act(data: dict[str, Any]) -> Phase:
        data.pop("number")
        return services.phase_change(actor=actor_of(request), phase=phase, **data)

    return form_page(
        request, title=f"Change {phase}", form_class=PhaseForm, act=act, submit="Save", initial=initial,
        done="Saved.", back=reverse("rollout:phase", args=[number]), crumbs=_crumbs(phase),
    )  # fmt: skip


@allow()
def phase_detail(request: HttpRequest, number: int) -> HttpResponse:
    """See a phase, its agencies and its gates."""
    phase, actor = _phase(request, number), actor_of(request)
    places = list(phase.places.select_related("agency"))
    context = {
        "phase": phase,
        "tag": STATE_TAGS[phase.state],
        "places": places,
        "gates": gates_of(phase) if actor.sees_everyone or actor.has(Role.CONTACT) else [],
        "history": history(phase) if actor.sees_everyone else [],
        "verbs": _verbs(phase, actor),
        "may_plan": actor.has(Role.ADMINISTRATOR),
        "may_sign": Role.PRIVACY in actor.roles and phase.privacy_signed_at is None,
        "own_agencies": {
            place.pk for place in places if place.agency_id in actor.agency_ids or actor.has(Role.ADMINISTRATOR)
        },
        "sees_names": actor.sees_names,
        "seats_used": used_in_phase(actor, phase),
        "sees_plan": actor.sees_everyone or actor.has(Role.LEADER),
        "sees_counts": actor.sees_everyone,
        "crumbs": [("Phases", reverse("rollout:phases")), (str(phase), "")],
    }
    return render(request, "rollout/phase.html", context)


def _verbs(phase: Phase, actor: Actor) -> list[tuple[str, str]]:
    """The steps that this person may take from the phase's present state."""
    if not actor.has(Role.ADMINISTRATOR):
        return []
    steps = []
    for verb, (state, label, _, _) in VERBS.items():
        fits = (verb == "resume") == (phase.state == "paused") if state == "open" else True
        if fits and PHASE.allows(phase.state, state):
            steps.append((label, reverse("rollout:phase-move", args=[phase.number, verb])))
    return steps


@allow(Role.ADMINISTRATOR)
def phase_move(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """Schedule, open, pause, close or roll back a phase."""
    phase = _phase(request, number)
    if verb not in VERBS:
        raise NotFound()
    _, label, consequence, service = VERBS[verb]

    def act(data: dict[str, Any]) -> Phase:
        if verb == "schedule":
            return service(actor=actor_of(request), phase=phase)
        return service(actor=actor_of(request), phase=phase, reason=data["reason"])

    return form_page(
        request, title=f"{label} {phase}", form_class=ReasonForm, act=act, submit=f"{label} the phase",
        done=lambda moved: f"{moved} is now {moved.get_state_display().lower()}.",
        back=reverse("rollout:phase", args=[number]), crumbs=_crumbs(phase), consequences=[consequence],
    )  # fmt: skip


class PlaceForm(forms.Form):
    agency = forms.ModelChoiceField(label="Agency", queryset=Agency.objects.filter(is_active=True))
    allocation = forms.IntegerField(label="Seats allocated", min_value=0)


@allow(Role.ADMINISTRATOR)
def place_add(request: HttpRequest, number: int) -> HttpResponse:
    """Add an agency to a phase."""
    phase = _phase(request, number)
    return form_page(
        request, title="Add an agency", form_class=PlaceForm, submit="Add", back=reverse("rollout:phase", args=[number]),
        act=lambda data: services.phase_agency_add(actor=actor_of(request), phase=phase, **data),
        done=lambda place: f"{place.agency} is in the phase.", crumbs=_crumbs(phase),
    )  # fmt: skip


class AllocationForm(ReasonForm):
    allocation = forms.IntegerField(label="Seats allocated", min_value=0)
    field_order = ("allocation", "reason")


@allow(Role.ADMINISTRATOR)
def place_allocate(request: HttpRequest, pk: int) -> HttpResponse:
    """Allocate seats to an agency."""
    place = get_object_or_404(PhaseAgency.objects.select_related("phase", "agency"), pk=pk)
    return form_page(
        request, title=f"Change the allocation of {place.agency}", form_class=AllocationForm, submit="Save",
        initial={"allocation": place.allocation}, back=reverse("rollout:phase", args=[place.phase.number]),
        act=lambda data: services.phase_agency_allocate(actor=actor_of(request), place=place, **data),
        done="Saved. People on the waiting list move up where seats became free.", crumbs=_crumbs(place.phase),
    )  # fmt: skip


class AttestForm(forms.Form):
    evidence = forms.CharField(
        label="How are public AI tools blocked on your agency's devices?", widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000, help_text="One sentence and a ticket or link. It is shown with your name.",
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, Role.CONTACT)
def place_attest(request: HttpRequest, pk: int) -> HttpResponse:
    """Attest that public AI tools are blocked."""
    actor = actor_of(request)
    place = get_object_or_404(places_to_attest(actor), pk=pk)
    return form_page(
        request, title=f"Attest for {place.agency}", form_class=AttestForm, submit="Attest",
        act=lambda data: services.phase_agency_attest(actor=actor, place=place, evidence=data["evidence"]),
        done=f"Attested for {place.agency}.", back=reverse("rollout:phase", args=[place.phase.number]),
        crumbs=_crumbs(place.phase),
        intro="You state that public ChatGPT, Gemini, Claude and similar tools cannot be used on the agency's devices.",
    )  # fmt: skip


@allow(Role.PRIVACY)
def phase_sign(request: HttpRequest, number: int) -> HttpResponse:
    """Sign a phase off for the privacy office."""
    phase = _phase(request, number)
    return form_page(
        request, title=f"Sign {phase} off", form_class=ReasonForm, submit="Sign off",
        act=lambda data: services.phase_sign_off(actor=actor_of(request), phase=phase, reason=data["reason"]),
        done="Signed off.", back=reverse("rollout:phase", args=[number]), crumbs=_crumbs(phase),
        intro="You state for the privacy office that the phase may open.",
    )  # fmt: skip


@allow(Role.ADMINISTRATOR)
def waiver_new(request: HttpRequest, number: int, gate: str) -> HttpResponse:
    """Ask that a gate be waived."""
    phase = _phase(request, number)
    title = next((g.result.title for g in gates_of(phase) if g.result.code == gate), "")
    if not title:
        raise NotFound()
    return form_page(
        request, title=f"Ask to waive: {title}", form_class=ReasonForm, submit="Ask for the waiver",
        act=lambda data: services.waiver_request(actor=actor_of(request), phase=phase, gate=gate, reason=data["reason"]),
        done="Asked. It counts once a second person has confirmed it.", back=reverse("rollout:phase", args=[number]),
        crumbs=_crumbs(phase),
        consequences=["A waived gate no longer blocks the phase.", "The waiver and its reason stand on every report."],
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
@require_POST
def waiver_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a waiver as the second person."""
    waiver = get_object_or_404(GateWaiver.objects.select_related("phase"), pk=pk)
    with saying(request, "The waiver is confirmed."):
        services.waiver_confirm(actor=actor_of(request), waiver=waiver)
    return redirect("rollout:phase", number=waiver.phase.number)
