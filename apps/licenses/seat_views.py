"""Pages of seats, contracts and the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import django_filters
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.agencies.models import Agency
from apps.audit.words import history
from apps.core import clock
from apps.core.downloads import csv_download
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import ReasonForm, form_page
from apps.licenses import services
from apps.licenses.lifecycle import SEAT, SUSPENSION_REASONS
from apps.licenses.models import Amendment, Contract, Seat
from apps.licenses.selectors import LedgerLine, contracts_visible_to, ledger, ledger_of_phase, seats_visible_to
from apps.rollout.models import Phase

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.CONTACT)
STATE_TAGS = {"held": "info", "granted": "good", "suspended": "warn", "released": "neutral"}


class SeatFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Seat.State.choices, label="State")
    agency = django_filters.ModelChoiceFilter(queryset=Agency.objects.all(), label="Agency")
    phase = django_filters.ModelChoiceFilter(queryset=Phase.objects.all(), label="Phase")

    class Meta:
        model = Seat
        fields: list[str] = []


COLUMNS = [
    Column(
        "name", "Holder", lambda s: f"{s.employee.last_name}, {s.employee.first_name}",
        sort="employee__last_name,employee__first_name", url=lambda s: reverse("licenses:seat", args=[s.pk]),
    ),
    Column("agency", "Agency", lambda s: s.agency.name, sort="agency__name"),
    Column("state", "State", lambda s: s.get_state_display(), sort="state", tag=lambda s: STATE_TAGS[s.state]),
    Column("reason", "Reason", lambda s: s.reason_label, sort="reason"),
    Column("since", "Since", lambda s: s.changed_at, sort="changed_at", kind="time"),
    Column("by", "By", lambda s: s.changed_by),
]  # fmt: skip


@allow(*READERS)
def seat_list(request: HttpRequest) -> HttpResponse:
    """See seats."""
    listing = Listing(
        request, seats_visible_to(actor_of(request)), COLUMNS, "Seats", "seats",
        Empty("No seats yet", "A seat is kept when a request is approved."), SeatFilter, default_sort="-since", names_people=True,
    )  # fmt: skip
    return listing_page(listing, title="Seats")


@allow(*READERS)
def seat_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See a seat and its history."""
    actor = actor_of(request)
    seat = get_object_or_404(seats_visible_to(actor).select_related("contract", "request"), pk=pk)
    verbs = [
        (label, reverse("licenses:seat-move", args=[pk, verb]))
        for verb, (state, label) in _STEPS.items()
        if actor.has(Role.ADMINISTRATOR, Role.PRIVACY) and SEAT.allows(seat.state, state)
        and (verb != "restore" or seat.state == "suspended")
    ]  # fmt: skip
    context = {
        "seat": seat, "tag": STATE_TAGS[seat.state], "verbs": verbs, "history": history(seat),
        "periods": seat.periods.select_related("agency", "phase"),
        "crumbs": [("Seats", reverse("licenses:seats")), (str(seat.employee), "")],
    }  # fmt: skip
    return render(request, "licenses/seat.html", context)


_STEPS = {
    "suspend": ("suspended", "Suspend"),
    "restore": ("granted", "Lift the suspension"),
    "revoke": ("released", "Revoke"),
}


_SERVICES: dict[str, Callable[..., Seat]] = {
    "suspend": services.seat_suspend,
    "restore": services.seat_restore,
    "revoke": services.seat_revoke,
}


class SuspendForm(ReasonForm):
    code = forms.ChoiceField(
        label="Because of",
        choices=[(c, SUSPENSION_REASONS[c]) for c in ("incident", "review")],
        widget=forms.RadioSelect,
    )
    field_order = ("code", "reason")


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
def seat_move(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Suspend, restore or revoke a seat."""
    actor = actor_of(request)
    seat = get_object_or_404(seats_visible_to(actor), pk=pk)
    _, label = _STEPS[verb]
    service = _SERVICES[verb]
    words = {
        "suspend": [
            "Access ends at the vendor within minutes.",
            "A suspended seat still costs; it goes back after 30 days.",
        ],
        "restore": ["The person is invited again at the vendor."],
        "revoke": ["Access ends at the vendor within minutes.", "The next person on the waiting list gets the seat."],
    }[verb]
    back = reverse("licenses:seat", args=[pk])
    return form_page(
        request, title=f"{label}: seat of {seat.employee}", submit=label, back=back, consequences=words,
        form_class=SuspendForm if verb == "suspend" else ReasonForm,
        act=lambda data: service(actor=actor, seat=seat, **data), done="Done. The vendor's side follows.",
        crumbs=[("Seats", reverse("licenses:seats")), (str(seat.employee), back)],
    )  # fmt: skip


# ---- contracts -------------------------------------------------------------------------------------------------


@allow(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.LEADER)
def contract_list(request: HttpRequest) -> HttpResponse:
    """Contracts, the ledger in total and by phase."""
    actor = actor_of(request)
    phases = [(phase, ledger_of_phase(phase.pk)) for phase in Phase.objects.exclude(state="draft")]
    contracts = contracts_visible_to(actor).prefetch_related("amendments")
    if request.GET.get("format") == "csv":
        is_by_phase = request.GET.get("ledger") == "phases" and actor.sees_everyone
        return _phases_csv(phases) if is_by_phase else _contracts_csv(contracts)
    context = {
        "contracts": contracts, "ledger": ledger(),
        "phases": phases, "may_edit": actor.has(Role.ADMINISTRATOR), "now": clock.now(),
        "shows_small": actor.sees_everyone,
    }  # fmt: skip
    return render(request, "licenses/contracts.html", context)


def _figures(line: LedgerLine) -> list[Any]:
    return [line.purchased, line.free, line.held, line.granted, line.suspended, "Yes" if line.balances else "No"]


_FIGURES = ["Free", "Held", "Granted", "Suspended", "Balances"]


def _contracts_csv(contracts: Iterable[Contract]) -> HttpResponse:
    lines = {line.name: line for line in ledger()}
    header = [
        "Contract",
        "Vendor",
        "From",
        "Until",
        "Price per seat and year",
        "Price per year",
        "Amendments",
        "Bought",
        *_FIGURES,
    ]
    rows = (
        [
            one.number, one.vendor, one.from_on, one.until_on, one.price_per_seat_year, one.price_per_year,
            len(one.amendments.all()), *_figures(lines[str(one)]),
        ]
        for one in contracts
    )  # fmt: skip
    return csv_download(f"beacon-contracts-{clock.today().isoformat()}.csv", header, rows)


def _phases_csv(phases: list[tuple[Phase, list[LedgerLine]]]) -> HttpResponse:
    """Small figures of agencies: for those who see everyone, as on the page."""
    rows = ([str(phase), line.name, *_figures(line)] for phase, lines in phases for line in lines)
    name = f"beacon-ledger-by-phase-{clock.today().isoformat()}.csv"
    return csv_download(name, ["Phase", "Agency", "Allocated", *_FIGURES], rows)


class ContractForm(forms.Form):
    number = forms.CharField(label="Number", max_length=40)
    vendor = forms.CharField(label="Vendor", max_length=120)
    from_on = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until_on = forms.DateField(label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    seats = forms.IntegerField(label="Seats", min_value=1)
    price_per_seat_year = forms.DecimalField(
        label="Price per seat and year (US dollars)", min_value=0, max_digits=9, decimal_places=2
    )


@allow(Role.ADMINISTRATOR)
def contract_new(request: HttpRequest) -> HttpResponse:
    """Record a contract."""
    return form_page(
        request, title="Record a contract", form_class=ContractForm, submit="Record",
        act=lambda data: services.contract_create(actor=actor_of(request), **data), back=reverse("licenses:contracts"),
        done=lambda contract: f"{contract} is recorded.", crumbs=[("Contracts and ledger", reverse("licenses:contracts"))],
    )  # fmt: skip


class AmendForm(forms.Form):
    seats = forms.IntegerField(label="Seats added", help_text="Negative takes seats away.")
    effective_on = forms.DateField(label="Effective", widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}), max_length=1000)


@allow(Role.ADMINISTRATOR)
def contract_amend(request: HttpRequest, pk: int) -> HttpResponse:
    """Amend a contract."""
    contract = get_object_or_404(contracts_visible_to(actor_of(request)), pk=pk)

    def act(data: dict[str, Any]) -> Amendment:
        return services.contract_amend(actor=actor_of(request), contract=contract, **data)

    return form_page(
        request, title=f"Amend {contract}", form_class=AmendForm, act=act, submit="Amend", done="Amended.",
        back=reverse("licenses:contracts"), crumbs=[("Contracts and ledger", reverse("licenses:contracts"))],
    )  # fmt: skip
