"""Pages of those who review, and the federal inventory."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.catalog import federal, inventory, review_services, services
from apps.catalog.forms import DecideForm, LoweringForm, PracticesForm, ReviewForm
from apps.catalog.lifecycle import LIVE
from apps.catalog.models import UseCase
from apps.catalog.screening import OFFICES, TIERS, offices_for
from apps.catalog.selectors import cases_visible_to, lowerings_visible_to, offices_of
from apps.catalog.views import CATALOG, case_url
from apps.catalog.write_views import crumbs_of
from apps.core import clock
from apps.core.downloads import CSV, download
from apps.core.verbs import ReasonForm, form_page

DECIDERS = (Role.PRIVACY, Role.ADMINISTRATOR)


def _case(request: HttpRequest, pk: int) -> UseCase:
    return get_object_or_404(cases_visible_to(actor_of(request)), pk=pk)


@allow(Role.CONTACT, *DECIDERS)
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Review a use case."""
    case, actor = _case(request, pk), actor_of(request)
    done = set(case.reviews.filter(round=case.round).values_list("office", flat=True))
    mine = [o for o in offices_of(actor, case) if o in offices_for(case.tier, case.data_class) and o not in done]

    class Form(ReviewForm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.fields["office"] = forms.ChoiceField(
                label="For which office?", choices=[(office, OFFICES[office]) for office in mine],
                widget=forms.RadioSelect, initial=mine[0] if len(mine) == 1 else None,
            )  # fmt: skip
            self.order_fields(["office", "decision", "text"])

    return form_page(
        request, title=f"Review {case.number}", form_class=Form, submit="Record the review", back=case_url(case),
        act=lambda data: review_services.case_review(actor=actor, case=case, **data),
        done="The review is recorded.", crumbs=crumbs_of(case), intro=case.title,
        consequences=[
            "The last office that accepts publishes it, with the conditions of all offices.",
            "Asking for changes or refusing ends this round; the author is told by mail.",
            "A review cannot be changed afterwards.",
        ],
    )  # fmt: skip


@allow(*DECIDERS)
def lower(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask that a use case's tier be lowered."""
    case = _case(request, pk)
    return form_page(
        request, title=f"Lower the tier of {case.number}", form_class=LoweringForm, submit="Ask a second person",
        act=lambda data: review_services.lowering_request(actor=actor_of(request), case=case, **data), back=case_url(case),
        done="A second person of the privacy office or EOTSS decides.", crumbs=crumbs_of(case),
        consequences=["The case is not published before a second person has decided."],
    )  # fmt: skip


@allow(*DECIDERS)
def lowering_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide on lowering a tier as the second person."""
    asked = get_object_or_404(lowerings_visible_to(actor_of(request)), pk=pk)
    return form_page(
        request, title=f"Lower tier for {asked.case.number}", form_class=DecideForm, submit="Decide",
        act=lambda data: review_services.lowering_decide(actor=actor_of(request), lowering=asked, **data),
        done="Your decision is recorded.", back=case_url(asked.case), crumbs=crumbs_of(asked.case),
        intro=f"{asked.requested_by} asks: from {TIERS[asked.from_tier]} to {TIERS[asked.to_tier]}. {asked.justification}",
    )  # fmt: skip


@allow(*DECIDERS)
def practices(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the practices of a high-impact use case."""
    case = _case(request, pk)
    return form_page(
        request, title=f"Inventory questions on {case.number}", form_class=PracticesForm, submit="Save", initial=case.practices,
        act=lambda data: services.case_answer_practices(actor=actor_of(request), case=case, practices=data),
        done="The answers are saved.", back=case_url(case), crumbs=crumbs_of(case),
        intro="The federal inventory asks these nine questions about deployed high-impact uses.",
    )  # fmt: skip


@allow(Role.CONTACT, *DECIDERS)
def reconfirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a use case for another year."""
    case = _case(request, pk)
    return form_page(
        request, title=f"Yearly review of {case.number}", form_class=ReasonForm, submit="It still holds", back=case_url(case),
        act=lambda data: services.case_reconfirm(actor=actor_of(request), case=case, reason=data["reason"]),
        done="The next review is due in a year.", crumbs=crumbs_of(case),
        intro="Is it used as it says, on the same kind of data, and checked as it says? If not, suspend or retire it.",
    )  # fmt: skip


@allow(*DECIDERS)
def suspend(request: HttpRequest, pk: int) -> HttpResponse:
    """Suspend a use case."""
    case = _case(request, pk)
    return form_page(
        request, title=f"Suspend {case.number}", form_class=ReasonForm, submit="Suspend it", back=case_url(case),
        act=lambda data: services.case_suspend(actor=actor_of(request), case=case, reason=data["reason"]),
        done="The use case is suspended.", crumbs=crumbs_of(case),
        consequences=["Everybody sees that it is suspended and must not be used.", "The author is told by mail."],
    )  # fmt: skip


@allow(*DECIDERS)
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a use case go on."""
    case = _case(request, pk)
    return form_page(
        request, title=f"Publish {case.number} again", form_class=ReasonForm, submit="Publish again", back=case_url(case),
        act=lambda data: services.case_resume(actor=actor_of(request), case=case, reason=data["reason"]),
        done="The use case is published again.", crumbs=crumbs_of(case),
        consequences=["It counts as a review; the next one is due in a year."],
    )  # fmt: skip


@allow(*DECIDERS, Role.AUDITOR)
def inventory_page(request: HttpRequest) -> HttpResponse:
    """What the federal form would say, and what is still missing in it."""
    rows = federal.individual_rows()
    missing = [(case, found) for case, row in rows if (found := inventory.problems(row))]
    context = {
        "count": len(rows), "missing": missing, "tasks": federal.task_rows(), "live": UseCase.objects.filter(state__in=LIVE).count(),
        "columns": inventory.columns(), "crumbs": [(CATALOG[0], reverse(CATALOG[1])), ("Federal inventory", "")],
    }  # fmt: skip
    return render(request, "catalog/inventory.html", context)


@allow(*DECIDERS, Role.AUDITOR)
def inventory_cases(_request: HttpRequest) -> HttpResponse:
    """The cases reported one by one, in the 36 published columns."""
    names = [column.name for column in inventory.columns()]
    rows = ([row[name] for name in names] for _, row in federal.individual_rows())
    return _download(inventory.to_csv(names, rows), "use-cases")


@allow(*DECIDERS, Role.AUDITOR)
def inventory_tasks(_request: HttpRequest) -> HttpResponse:
    """The table of common tasks."""
    return _download(inventory.to_csv(inventory.TASK_COLUMNS, federal.task_rows()), "common-tasks")


def _download(content: bytes, what: str) -> HttpResponse:
    return download(content, f"beacon-inventory-{what}-{clock.today().isoformat()}.csv", CSV)
