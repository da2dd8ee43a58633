"""Pages of unused seats: the rule of a contract, each morning's look in counts, and one's own seat kept or brought back."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.audit.words import history
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import EmptyForm, NumberForm, ReasonForm, form_page
from apps.licenses import reclaim_services
from apps.licenses.models import ReclaimPolicy, ReclaimRun, ReclaimWatch, Seat
from apps.licenses.selectors import contracts_visible_to, reclaim_runs_visible_to, returnable

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
STATE_TAGS = {"done": "good", "held": "warn", "released": "good", "discarded": "neutral"}
_LIST = ("Unused seats", "licenses:reclaim-runs")


class RunFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=ReclaimRun.State.choices, label="State")
    mode = django_filters.ChoiceFilter(choices=ReclaimPolicy.Mode.choices, label="Mode")

    class Meta:
        model = ReclaimRun
        fields: list[str] = []


COLUMNS = [
    Column("id", "Look", str, sort="pk", url=lambda r: reverse("licenses:reclaim-run", args=[r.pk])),
    Column("at", "When", lambda r: r.at, sort="at", kind="time"),
    Column("contract", "Contract", lambda r: r.contract.number, sort="contract__number"),
    Column("mode", "Mode", lambda r: r.get_mode_display(), sort="mode"),
    Column("state", "State", lambda r: r.get_state_display(), sort="state", tag=lambda r: STATE_TAGS[r.state]),
    Column("looked", "Looked at", lambda r: r.looked, sort="looked", kind="number"),
    Column("asked", "Asked", lambda r: r.asked, sort="asked", kind="number"),
    Column("released", "Went back", lambda r: r.released, sort="released", kind="number"),
]


@allow(*READERS)
def run_list(request: HttpRequest) -> HttpResponse:
    """See looks for unused seats."""
    actor = actor_of(request)
    listing = Listing(
        request, reclaim_runs_visible_to(actor), COLUMNS, "Looks at unused seats", "unused-seats",
        Empty(
            "No look yet", "Switch a contract's rule on, first as a dry run.", reverse("licenses:contracts"),
            "See the contracts",
        ),
        RunFilter, default_sort="-id",
    )  # fmt: skip
    verbs = []
    if actor.has(Role.ADMINISTRATOR):
        contracts = contracts_visible_to(actor)
        verbs = [(f"Rule of {c}", reverse("licenses:reclaim-policy", args=[c.pk])) for c in contracts]
    return listing_page(
        listing, title="Unused seats", verbs=verbs,
        intro="Who has not used a seat is asked twice whether they want to keep it. In counts: nobody but the person "
        "sees their use.",
    )  # fmt: skip


class PolicyForm(ReasonForm):
    """Days without use until each step, for seats never used and for idle ones."""

    mode = forms.ChoiceField(label="Mode", choices=ReclaimPolicy.Mode.choices, widget=forms.RadioSelect)
    never_first = forms.IntegerField(label="Never used: first question after (days)", min_value=7)
    never_second = forms.IntegerField(label="Never used: second question after (days)", min_value=8)
    never_release = forms.IntegerField(label="Never used: goes back after (days)", min_value=30)
    idle_first = forms.IntegerField(label="Idle: first question after (days)", min_value=7)
    idle_second = forms.IntegerField(label="Idle: second question after (days)", min_value=8)
    idle_release = forms.IntegerField(label="Idle: goes back after (days)", min_value=60)
    field_order = ("mode", *reclaim_services.FIELDS, "reason")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for kind in ("never", "idle"):
            steps = [data.get(f"{kind}_{step}") or 0 for step in ("first", "second", "release")]
            if steps != sorted(set(steps)):
                self.add_error(f"{kind}_release", "Each step must come after the one before it.")
        return data


@allow(Role.ADMINISTRATOR)
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """The rule of one contract."""
    contract = get_object_or_404(contracts_visible_to(actor_of(request)), pk=pk)
    now = ReclaimPolicy.objects.filter(contract=contract).first() or ReclaimPolicy(contract=contract)
    names = ("mode", *reclaim_services.FIELDS)
    return form_page(
        request, title=f"Unused seats of {contract}", form_class=PolicyForm, submit="Save", done="The rule is saved.",
        act=lambda data: reclaim_services.reclaim_set(actor=actor_of(request), contract=contract, **data),
        back=reverse("licenses:reclaim-runs"), initial={name: getattr(now, name) for name in names},
        crumbs=[(_LIST[0], reverse(_LIST[1]))],
        intro="Left alone are people on leave, seasonal staff, hires of the last 30 days, people under legal hold or with "
        "an open incident, and everybody while the vendor's figures are older than 72 hours.",
    )  # fmt: skip


@allow(*READERS)
def run_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See what a look for unused seats found."""
    actor = actor_of(request)
    run = get_object_or_404(reclaim_runs_visible_to(actor), pk=pk)
    context = {
        "run": run, "tag": STATE_TAGS[run.state], "history": history(run), "held": len(run.held_seats),
        "may_settle": actor.has(Role.ADMINISTRATOR) and run.state == ReclaimRun.State.HELD,
        "crumbs": [(_LIST[0], reverse(_LIST[1])), (str(run), "")],
    }  # fmt: skip
    return render(request, "licenses/reclaim_run.html", context)


@allow(Role.ADMINISTRATOR, sensitive=True)
def run_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a held look release its seats."""
    run = get_object_or_404(reclaim_runs_visible_to(actor_of(request)), pk=pk)
    back = reverse("licenses:reclaim-run", args=[pk])
    return form_page(
        request, title="Let the seats go back", form_class=NumberForm, submit="Let them go back", back=back,
        act=lambda data: reclaim_services.reclaim_confirm(actor=actor_of(request), run=run, **data),
        done=lambda done: f"{done.released:,} seats went back.", crumbs=[(_LIST[0], reverse(_LIST[1])), (str(run), back)],
        consequences=[
            f"{len(run.held_seats):,} people lose their seat. Whoever has used it since stays.",
            "For 30 days each of them can have it back without a new approval.",
        ],
    )  # fmt: skip


@allow(Role.ADMINISTRATOR)
def run_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave a held look unused."""
    run = get_object_or_404(reclaim_runs_visible_to(actor_of(request)), pk=pk)
    back = reverse("licenses:reclaim-run", args=[pk])
    return form_page(
        request, title="Discard the plan", form_class=ReasonForm, submit="Discard it", back=back,
        act=lambda data: reclaim_services.reclaim_discard(actor=actor_of(request), run=run, reason=data["reason"]),
        done="No seat goes back. Beacon looks again tomorrow.", crumbs=[(_LIST[0], reverse(_LIST[1])), (str(run), back)],
    )  # fmt: skip


# ---- one's own seat ----------------------------------------------------------------------------------------


@allow()
def keep(request: HttpRequest) -> HttpResponse:
    """Where the mail leads: one button."""
    actor = actor_of(request)
    seat = Seat.objects.filter(employee=actor.employee_id or 0, state=Seat.State.GRANTED).first()
    watch = ReclaimWatch.objects.filter(seat=seat).first() if seat else None
    if seat is None:
        return render(request, "licenses/no_seat.html", {"may_return": returnable(actor.employee_id) is not None})
    until = f"{watch.release_on:%B %-d, %Y}" if watch and watch.release_on else ""
    return form_page(
        request, title="Keep my seat", form_class=EmptyForm, submit="Keep my seat", back=reverse("console:home"),
        act=lambda _: reclaim_services.seat_keep(actor=actor), done="You keep your seat. Nobody asks why.",
        intro=(f"Without an answer your seat would go to somebody else on {until} at the earliest. " if until else "")
        + "One click keeps it; you need not open the assistant.",
    )  # fmt: skip


@allow()
def bring_back(request: HttpRequest) -> HttpResponse:
    """A reclaimed seat comes back within 30 days, in one step."""
    actor = actor_of(request)
    if returnable(actor.employee_id) is None:
        return render(request, "licenses/no_seat.html", {"may_return": False})
    return form_page(
        request, title="Bring my seat back", form_class=EmptyForm, submit="Bring it back", back=reverse("console:home"),
        act=lambda _: reclaim_services.request_return(actor=actor),
        done="Your approval counts again. Your seat is back as soon as one is free.",
        intro="Your seat went back because it was not used. It returns without a new approval.",
    )  # fmt: skip
