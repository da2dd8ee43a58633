"""Reading the terms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import QuerySet

from apps.accounts.actors import Actor, Role
from apps.core import clock
from apps.terms.models import BINDING, Acceptance, TermsVersion

AUTHORS = (Role.PRIVACY, Role.ADMINISTRATOR, Role.AUDITOR)


def versions_visible_to(actor: Actor) -> QuerySet[TermsVersion]:
    """Published and announced ones for everybody; drafts for the privacy office, EOTSS and auditors."""
    versions = TermsVersion.objects.all()
    if actor.has(*AUTHORS):
        return versions
    return versions.exclude(state=TermsVersion.State.DRAFT)


def version_in_force(language: str = BINDING, on: date | None = None) -> TermsVersion | None:
    """The version in force on a day (today), in a language where it has a text in it, else in English."""
    day = on or clock.today()
    published = TermsVersion.objects.exclude(state=TermsVersion.State.DRAFT).filter(effective_on__lte=day)
    binding = published.filter(language=BINDING).order_by("-number").first()
    if binding is None or language == BINDING:
        return binding
    return published.filter(number=binding.number, language=language).first() or binding


def version_to_come() -> TermsVersion | None:
    """The announced version that is not in force yet."""
    return TermsVersion.objects.filter(
        state=TermsVersion.State.SCHEDULED, language=BINDING, effective_on__gt=clock.today()
    ).first()


def texts_of(version: TermsVersion) -> QuerySet[TermsVersion]:
    """The version in all its languages, English first."""
    return TermsVersion.objects.filter(number=version.number).order_by("id")


def acceptable_versions(as_of: date) -> list[int]:
    """Primary keys of the texts whose acceptance suffices on a day.

    Those of the version in force do; so do those of the one before it while no re-acceptance is demanded or its grace
    still runs. The English text rules the days; whoever accepted a translation accepted the version.
    """
    published = (
        TermsVersion.objects.exclude(state=TermsVersion.State.DRAFT)
        .filter(effective_on__lte=as_of)
        .only("number", "language", "requires_reacceptance", "grace_days", "effective_on")
    )
    return _enough(published, as_of)


_THEN = """
    SELECT id, number, language, requires_reacceptance, grace_days, effective_on
    FROM terms_termsversion_at(%s) WHERE state <> 'draft' AND effective_on <= %s
"""


def acceptable_versions_then(day: date) -> list[int]:
    """The same for a past day, from what was known when it ended."""
    return _enough(TermsVersion.objects.raw(_THEN, [clock.end_of(day), day]), day)


def _enough(published: Iterable[TermsVersion], as_of: date) -> list[int]:
    newest_first = sorted(published, key=lambda version: -version.number)
    enough: set[int] = set()
    for version in newest_first:
        if not version.is_binding:
            continue
        enough.add(version.number)
        if version.requires_reacceptance and as_of > last_day_of_grace(version):
            break
    return [version.pk for version in newest_first if version.number in enough]


def last_day_of_grace(version: TermsVersion) -> date:
    """The last day on which the acceptance of the version before suffices. A draft has its grace from today."""
    return (version.effective_on or clock.today()) + timedelta(version.grace_days)


def acceptances_visible_to(actor: Actor) -> QuerySet[Acceptance]:
    """One's own; all of them for the privacy office, EOTSS and auditors."""
    acceptances = Acceptance.objects.select_related("version", "employee", "employee__agency")
    if actor.sees_everyone:
        return acceptances
    return acceptances.filter(employee=actor.employee_id or 0)


def last_acceptance(employee_id: int | None, before: TermsVersion) -> Acceptance | None:
    """The newest earlier version that a person accepted."""
    return (
        Acceptance.objects.filter(employee=employee_id or 0, version__number__lt=before.number)
        .select_related("version")
        .order_by("-version__number")
        .first()
    )
