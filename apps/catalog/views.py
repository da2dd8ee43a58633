"""Pages that show use cases: the catalog, one's own, the reviewers' list, one case."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.audit.words import history
from apps.catalog import inventory
from apps.catalog.lifecycle import LIVE, SHOWN
from apps.catalog.models import UseCase
from apps.catalog.screening import OFFICES, TIERS, offices_for
from apps.catalog.selectors import (
    REVIEWERS,
    SCALED,
    author_shown,
    cases_matching,
    cases_visible_to,
    due_cases,
    figures_of,
    offices_of,
    reviewable_by,
    reviews_in_sight,
    waiting_for,
)
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.task_types import TASK_TYPES

STATE_TAGS = {
    "draft": "neutral", "submitted": "info", "in_review": "info", "published": "good", "conditions": "good",
    "changes_requested": "warn", "refused": "bad", "withdrawn": "neutral", "suspended": "bad", "retired": "neutral",
}  # fmt: skip
TIER_TAGS = {"": "neutral", "prohibited": "bad", "high": "warn", "elevated": "info", "routine": "neutral"}
CATALOG = ("Use cases", "catalog:cases")
_YES = forms.Select(choices=[("", "Any"), ("true", "Yes"), ("false", "No")])


class CaseFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Words")
    task_type = django_filters.ChoiceFilter(choices=list(TASK_TYPES.items()), label="Type of task")
    agency = django_filters.ModelChoiceFilter(queryset=Agency.objects.all(), to_field_name="code", label="Agency")
    tier = django_filters.ChoiceFilter(choices=list(TIERS.items()), label="Tier")
    stage = django_filters.ChoiceFilter(choices=UseCase.Stage.choices, label="Stage")
    scaled = django_filters.BooleanFilter(method="is_scaled", label=f"{SCALED} agencies or more", widget=_YES)

    class Meta:
        model = UseCase
        fields: list[str] = []

    def search(self, cases: QuerySet[UseCase], name: str, value: str) -> QuerySet[UseCase]:
        return cases_matching(cases, value[:200])

    def is_scaled(self, cases: QuerySet[UseCase], name: str, value: bool) -> QuerySet[UseCase]:
        many = Q(agencies_using__gte=SCALED)
        return cases.filter(many if value else ~many)


class ReviewFilter(CaseFilter):
    state = django_filters.ChoiceFilter(choices=UseCase.State.choices, label="State")
    waiting = django_filters.BooleanFilter(method="for_me", label="Waiting for me", widget=_YES)
    due = django_filters.BooleanFilter(method="is_due", label="Yearly review due", widget=_YES)

    def for_me(self, cases: QuerySet[UseCase], name: str, value: bool) -> QuerySet[UseCase]:
        ids = waiting_for(actor_of(self.request)).order_by().values("pk")
        return cases.filter(pk__in=ids) if value else cases.exclude(pk__in=ids)

    def is_due(self, cases: QuerySet[UseCase], name: str, value: bool) -> QuerySet[UseCase]:
        ids = due_cases().values("pk")
        return cases.filter(pk__in=ids) if value else cases.exclude(pk__in=ids)


def case_url(case: UseCase) -> str:
    return reverse("catalog:case", args=[case.pk])


_TITLE = Column("title", "Title", lambda c: c.title, sort="title", url=case_url)
_STATE = Column("state", "State", lambda c: c.get_state_display(), sort="state", tag=lambda c: STATE_TAGS[c.state])
# The code: with the name, nine columns do not fit a screen.
_AGENCY = Column("agency", "Agency", lambda c: c.agency.code, sort="agency__code")
_TASK = Column("task", "Type of task", lambda c: c.get_task_type_display(), sort="task_type")
_TIER = Column("tier", "Tier", lambda c: c.get_tier_display(), sort="tier", tag=lambda c: TIER_TAGS[c.tier])
_NUMBER = Column("number", "Number", lambda c: c.number, sort="pk")
COLUMNS = [
    _TITLE, _NUMBER, _AGENCY, _TASK, _TIER, _STATE,
    Column("stage", "Stage", lambda c: c.get_stage_display(), sort="stage"),
    Column("agencies", "Agencies", lambda c: c.agencies_using, sort="agencies_using", kind="number"),
    Column("published", "Published", lambda c: c.published_at, sort="published_at", kind="date"),
]  # fmt: skip
MINE_COLUMNS = [
    _TITLE, _NUMBER, _STATE, _TIER, Column("changed", "Last change", lambda c: c.changed_at, sort="changed_at", kind="time"),
]  # fmt: skip
REVIEW_COLUMNS = [
    _TITLE, _NUMBER, _AGENCY, Column("author", "Author", lambda c: str(c.author), sort="author__last_name"), _TIER, _STATE,
    Column("sent", "Sent in", lambda c: c.submitted_at, sort="submitted_at", kind="time"),
    Column("due", "Next review", lambda c: c.review_on, sort="review_on", kind="date"),
]  # fmt: skip


@allow()
def browse(request: HttpRequest) -> HttpResponse:
    """What is published, suspended or retired: the catalog that everybody reads."""
    actor = actor_of(request)
    listing = Listing(
        request, cases_visible_to(actor).filter(state__in=SHOWN), COLUMNS, "Use cases", "use cases",
        Empty("No use case is published yet", "Yours could be the first.", reverse("catalog:begin"), "Share a use case"),
        CaseFilter, default_sort="" if request.GET.get("q") else "-published",
    )  # fmt: skip
    verbs = [("My use cases", reverse("catalog:mine")), ("Share a use case", reverse("catalog:begin"))]
    if actor.employee_id is None:
        verbs = []
    if actor.has(*REVIEWERS, Role.AUDITOR):
        verbs = [("Reviews", reverse("catalog:reviews")), *verbs]
    intro = "What colleagues do with the assistant, how they check it, and what came of it."
    return listing_page(listing, title="Use cases", verbs=verbs, intro=intro)


class MineFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=UseCase.State.choices, label="State")

    class Meta:
        model = UseCase
        fields: list[str] = []


@allow()
def mine(request: HttpRequest) -> HttpResponse:
    """One's own, drafts included, to go on where one left off."""
    actor = actor_of(request)
    listing = Listing(
        request, cases_visible_to(actor).filter(author=actor.employee_id or 0), MINE_COLUMNS, "My use cases",
        "use cases", Empty("You have not shared a use case yet", "A draft is saved page by page, so you can go on later.",
        reverse("catalog:begin"), "Share a use case"), MineFilter, default_sort="-changed",
    )  # fmt: skip
    verbs = [("Share a use case", reverse("catalog:begin"))]
    return listing_page(
        listing, title="My use cases", verbs=verbs, crumbs=[(CATALOG[0], reverse(CATALOG[1])), ("Mine", "")]
    )


@allow(*REVIEWERS, Role.AUDITOR)
def review_list(request: HttpRequest) -> HttpResponse:
    """Everything in the sight of those who review."""
    actor = actor_of(request)
    listing = Listing(
        request, reviewable_by(actor), REVIEW_COLUMNS, "Use cases to review and their history", "use cases",
        Empty("No use case yet", "New ones appear here as soon as they are begun."), ReviewFilter, default_sort="-sent",
        names_people=True,
    )  # fmt: skip
    verbs = [
        ("Waiting for me", f"{reverse('catalog:reviews')}?waiting=true"),
        ("Due", f"{reverse('catalog:reviews')}?due=true"),
    ]
    if actor.sees_everyone:
        verbs.append(("Federal inventory", reverse("catalog:inventory")))
    return listing_page(listing, title="Reviews of use cases", verbs=verbs)


@allow()
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a use case."""
    actor = actor_of(request)
    case = get_object_or_404(cases_visible_to(actor).select_related("author"), pk=pk)
    inside = reviews_in_sight(actor, case)
    reviews = list(case.reviews.all()) if inside else []
    done = {review.office for review in reviews if review.round == case.round}
    context = {
        "case": case, "state_tag": STATE_TAGS[case.state], "tier_tag": TIER_TAGS[case.tier],
        "author": author_shown(actor, case), "figures": figures_of(case), "is_scaled": case.agencies_using >= SCALED,
        "scaled": SCALED, "adoptions": case.adoptions.select_related("agency"), "may_speak": _served(actor),
        "inside": inside, "reviews": reviews, "history": history(case) if inside else [],
        "lowerings": list(case.lowerings.all()) if inside else [], "verdict": case.verdict if inside else None,
        "open_offices": _open(case, done) if inside else [], "verbs": _verbs(actor, case, done),
        "common_task": inventory.common_tasks().get(case.common_task, ""),
        "crumbs": [(CATALOG[0], reverse(CATALOG[1])), (case.number, "")],
    }  # fmt: skip
    return render(request, "catalog/case.html", context)


def _served(actor: Actor) -> frozenset[int]:
    return actor.agency_ids


def _open(case: UseCase, done: set[str]) -> list[str]:
    """The offices whose review the case waits for, in words."""
    if not case.is_waiting:
        return []
    return [OFFICES[office] for office in offices_for(case.tier, case.data_class) if office not in done]


def _verbs(actor: Actor, case: UseCase, done: set[str]) -> list[tuple[str, str]]:
    """What this person may do with the case now, as (label, address)."""
    is_author = actor.employee_id is not None and actor.employee_id == case.author_id
    decides = actor.has(Role.PRIVACY, Role.ADMINISTRATOR)
    owns = is_author or case.agency_id in actor.agency_ids or actor.has(Role.ADMINISTRATOR)
    needed = set(offices_for(case.tier, case.data_class)) - done
    offers = [
        ("Go on writing", "write", is_author and case.is_writable),
        ("Withdraw…", "withdraw", is_author and (case.is_writable or case.is_waiting)),
        ("Review…", "review", case.is_waiting and bool(needed & set(offices_of(actor, case)))),
        ("Lower the tier…", "lower", case.is_waiting and decides and not is_author and case.tier != "routine"),
        ("Report a result", "report", owns and case.is_live),
        ("Set the stage", "stage", owns and case.is_live),
        ("Adopt", "adopt", case.is_live and (bool(actor.agency_ids - {case.agency_id}) or actor.has(Role.ADMINISTRATOR))),
        ("Inventory questions", "practices", decides and case.is_shown and case.tier == "high"),
        ("Yearly review…", "reconfirm", case.is_live and not is_author and (decides or case.agency_id in actor.agency_ids)),
        ("Suspend…", "suspend", decides and case.is_live),
        ("Publish again…", "resume", decides and case.state == "suspended"),
        ("Retire…", "retire", owns and (case.is_live or case.state == "suspended")),
    ]  # fmt: skip
    return [
        (label, reverse("catalog:write", args=[case.pk, "problem"]) if name == "write" else reverse(f"catalog:{name}", args=[case.pk]))
        for label, name, offered in offers
        if offered
    ]  # fmt: skip


def home_counts(actor: Actor) -> dict[str, Any]:
    """What the home pages say of the catalog: how many cases wait for the actor and how many are published."""
    return {"to_review": waiting_for(actor).count(), "published": UseCase.objects.filter(state__in=LIVE).count()}
