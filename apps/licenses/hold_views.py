"""Pages of legal holds."""

from __future__ import annotations

import django_filters
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.agencies.selectors import employees_visible_to
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import ReasonForm, form_page
from apps.licenses import protection_services
from apps.licenses.models import LegalHold
from apps.licenses.selectors import holds_visible_to

_HOLDS = ("Legal holds", "licenses:holds")


class HoldFilter(django_filters.FilterSet):
    matter = django_filters.CharFilter(lookup_expr="icontains", label="Matter")
    person = django_filters.CharFilter(field_name="employee__last_name", lookup_expr="istartswith", label="Last name")
    active = django_filters.BooleanFilter(
        field_name="ended_at", lookup_expr="isnull", label="State",
        widget=forms.Select(choices=[("", "Any"), ("true", "In force"), ("false", "Ended")]),
    )  # fmt: skip

    class Meta:
        model = LegalHold
        fields: list[str] = []


COLUMNS = [
    Column(
        "person", "Person", lambda h: f"{h.employee.last_name}, {h.employee.first_name}",
        sort="employee__last_name,employee__first_name", url=lambda h: reverse("console:person", args=[h.employee_id]),
    ),
    Column("agency", "Agency", lambda h: h.employee.agency.code, sort="employee__agency__code"),
    Column("matter", "Matter", lambda h: h.matter, sort="matter"),
    Column("placed", "Since", lambda h: h.placed_at, sort="placed_at", kind="time"),
    Column("by", "By", lambda h: h.placed_by),
    Column("state", "State", lambda h: "Ended" if h.ended_at else "In force", tag=lambda h: "neutral" if h.ended_at else "info"),
]  # fmt: skip


@allow(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
def hold_list(request: HttpRequest) -> HttpResponse:
    """See legal holds."""
    listing = Listing(
        request, holds_visible_to(actor_of(request)), COLUMNS, "Legal holds", "holds",
        Empty("Nobody is under legal hold", "A hold is placed on a person's page."), HoldFilter, default_sort="-placed",
        names_people=True,
    )  # fmt: skip
    return listing_page(
        listing, title="Legal holds", intro="While a hold lasts the account is suspended at most and never removed."
    )


class HoldForm(ReasonForm):
    matter = forms.CharField(label="Matter", max_length=120, help_text="The case number or the counsel's reference.")
    field_order = ("matter", "reason")


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
def hold_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Place somebody under legal hold."""
    employee = get_object_or_404(employees_visible_to(actor_of(request)), pk=pk)
    back = reverse("console:person", args=[pk])
    return form_page(
        request, title=f"Legal hold: {employee}", form_class=HoldForm, submit="Place the hold", back=back,
        act=lambda data: protection_services.hold_place(actor=actor_of(request), employee=employee, **data),
        done="The hold is in force.", crumbs=[(_HOLDS[0], reverse(_HOLDS[1])), (str(employee), back)],
        consequences=[
            "The account and what hangs on it are not removed while the hold lasts, whatever becomes of the seat.",
            "Where access must end it is suspended. A vendor whose API cannot suspend is named on the drift page.",
        ],
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
def hold_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a legal hold."""
    hold = get_object_or_404(holds_visible_to(actor_of(request)), pk=pk)
    return form_page(
        request, title=f"End the {str(hold).lower()}", form_class=ReasonForm, submit="End the hold",
        back=reverse(_HOLDS[1]), done="The hold has ended.", crumbs=[(_HOLDS[0], reverse(_HOLDS[1]))],
        act=lambda data: protection_services.hold_end(actor=actor_of(request), hold=hold, **data),
        consequences=["What waited for the hold goes on: an account without a seat is removed."],
    )  # fmt: skip
