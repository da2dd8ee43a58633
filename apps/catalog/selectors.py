"""Reading the catalog, cut to what the actor may see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.postgres.search import SearchRank, TrigramWordSimilarity
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import Func

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Employee
from apps.catalog.lifecycle import LIVE, SHOWN, WAITING
from apps.catalog.models import Adoption, CaseVersion, Lowering, Review, UseCase
from apps.catalog.screening import PRIVATE
from apps.core import clock
from apps.core.search import ranked

SCALED = 3
REVIEWERS = (Role.CONTACT, Role.PRIVACY, Role.ADMINISTRATOR)
_SIMILAR, _ALIKE, _SIMILAR_CHARS = 0.05, 0.35, 600


class AnyWord(Func):
    """The words of a text, any of which will do, as a query."""

    function = "to_tsquery"
    template = "replace(plainto_tsquery('english', %(expressions)s)::text, ' & ', ' | ')::tsquery"


def cases_visible_to(actor: Actor) -> QuerySet[UseCase]:
    """What was once published: everybody. The rest: its author, the agency's contacts, EOTSS, privacy office, auditors."""
    cases = UseCase.objects.select_related("agency").defer("search")
    if actor.sees_everyone:
        return cases
    own = Q(author=actor.employee_id or 0) | Q(agency__in=actor.agency_ids)
    return cases.filter(Q(state__in=SHOWN) | own)


def reviewable_by(actor: Actor) -> QuerySet[UseCase]:
    """Everything within the sight of somebody who reviews, published or not."""
    cases = UseCase.objects.select_related("agency", "author").defer("search")
    if actor.sees_everyone:
        return cases
    return cases.filter(agency__in=actor.agency_ids)


def offices_of(actor: Actor, case: UseCase) -> list[str]:
    """The offices for which the actor may review this case: none for their own."""
    if actor.employee_id is not None and actor.employee_id == case.author_id:
        return []
    held = {
        "contact": case.agency_id in actor.agency_ids,
        "privacy": Role.PRIVACY in actor.roles,
        "eotss": Role.ADMINISTRATOR in actor.roles,
    }
    return [office for office, is_held in held.items() if is_held]


def waiting_for(actor: Actor) -> QuerySet[UseCase]:
    """Cases that wait for a review by an office that the actor speaks for, oldest first."""
    waiting = reviewable_by(actor).filter(state__in=WAITING).exclude(author=actor.employee_id or 0)
    sensitive = Q(tier__in=["high", "elevated"]) | Q(data_class__in=PRIVATE)
    wanted = Q(pk__in=[])
    for office, scope, is_held in (
        ("contact", Q(agency__in=actor.agency_ids), bool(actor.agency_ids)),
        ("privacy", sensitive, Role.PRIVACY in actor.roles),
        ("eotss", Q(), Role.ADMINISTRATOR in actor.roles),
    ):
        if is_held:
            wanted |= Q(scope, ~Exists(reviews_now().filter(office=office)))
    mine = Exists(reviews_now().filter(by_key=actor.key))
    return waiting.filter(wanted).exclude(mine).order_by("submitted_at")


def reviews_now() -> QuerySet[Review]:
    """Reviews of the present round, for use inside a query over cases."""
    return Review.objects.filter(case=OuterRef("pk"), round=OuterRef("round"))


def cases_matching(cases: QuerySet[UseCase], text: str) -> QuerySet[UseCase]:
    """Cases in which the words stand, or whose title is spelled much like them; the best first."""
    return ranked(cases, text, alike=_ALIKE)


def similar_cases(text: str, *, without: int = 0, limit: int = 5) -> list[UseCase]:
    """Published cases about much the same as a title or a problem that is being written."""
    text = text.replace("\x00", " ")[:_SIMILAR_CHARS].strip()
    if len(text) < 4:
        return []
    query = AnyWord(Value(text))
    found = (
        UseCase.objects.filter(state__in=LIVE)
        .exclude(pk=without)
        .select_related("agency")
        .defer("search")
        .annotate(alike=TrigramWordSimilarity(text[:150], "title"), rank=SearchRank(F("search"), query))
        .filter(Q(rank__gte=_SIMILAR) | Q(alike__gte=_ALIKE))
        .order_by((F("rank") + F("alike")).desc(), "pk")
    )
    return list(found[:limit])


def versions_visible_to(actor: Actor) -> QuerySet[CaseVersion]:
    """What authors sent in: they themselves and those who review."""
    return CaseVersion.objects.filter(_of_reviewers(actor))


def reviews_visible_to(actor: Actor) -> QuerySet[Review]:
    """What offices said: the author and those who review."""
    return Review.objects.filter(_of_reviewers(actor))


def lowerings_visible_to(actor: Actor) -> QuerySet[Lowering]:
    """Requests for a lower tier: the author and those who review."""
    return Lowering.objects.select_related("case").filter(_of_reviewers(actor))


def adoptions_visible_to(actor: Actor) -> QuerySet[Adoption]:
    """Who took a case up: whoever sees the case. Agencies are named, people are not."""
    return Adoption.objects.select_related("agency").filter(case__in=cases_visible_to(actor).values("pk"))


def _of_reviewers(actor: Actor) -> Q:
    if actor.sees_everyone:
        return Q()
    return Q(case__author=actor.employee_id or 0) | Q(case__agency__in=actor.agency_ids)


def reviews_in_sight(actor: Actor, case: UseCase) -> bool:
    """Whether reviews and history of this case are for the actor: its author and those who review."""
    return actor.sees_everyone or case.agency_id in actor.agency_ids or case.author_id == actor.employee_id


def due_cases() -> QuerySet[UseCase]:
    """Published cases whose yearly review is due within 30 days or overdue."""
    return UseCase.objects.filter(state__in=LIVE, review_on__lte=clock.today() + timedelta(days=30))


def author_shown(actor: Actor, case: UseCase) -> Employee | None:
    """The author where the actor may know the name: leaders never; others once the author ticked it."""
    reviews = actor.sees_everyone or case.agency_id in actor.agency_ids
    agreed = case.show_author and case.is_shown and Role.LEADER not in actor.roles
    return case.author if reviews or agreed or case.author_id == actor.employee_id else None


def figures_of(case: UseCase) -> list[dict[str, Any]]:
    """Time saved as each agency reports it, with its number of answers and its method."""
    lines: list[UseCase | Adoption] = [case, *case.adoptions.select_related("agency")]
    return [
        {"agency": line.agency, "minutes": line.minutes_saved, "answers": line.answers, "method": line.method}
        for line in lines
        if line.minutes_saved is not None
    ]
