"""Reading the terms."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import QuerySet

from apps.accounts.actors import Actor, Role
from apps.terms.models import Acceptance, TermsVersion


def versions_visible_to(actor: Actor) -> QuerySet[TermsVersion]:
    """Published ones for everybody; drafts for the privacy office, EOTSS and auditors."""
    versions = TermsVersion.objects.all()
    if actor.has(Role.PRIVACY, Role.ADMINISTRATOR, Role.AUDITOR):
        return versions
    return versions.exclude(state=TermsVersion.State.DRAFT)


def version_in_force(language: str = "en") -> TermsVersion | None:
    return TermsVersion.objects.filter(state=TermsVersion.State.PUBLISHED, language=language).first()


def acceptable_versions(as_of: date) -> list[int]:
    """Primary keys of the versions whose acceptance suffices on a day.

    The version in force does; so does the one before it while no re-acceptance is demanded or its grace still runs.
    """
    versions = list(
        TermsVersion.objects.exclude(state=TermsVersion.State.DRAFT)
        .filter(effective_on__lte=as_of)
        .order_by("-number")
        .only("pk", "requires_reacceptance", "grace_days", "effective_on")
    )
    enough: list[int] = []
    for version in versions:
        enough.append(version.pk)
        in_grace = version.effective_on is not None and as_of <= version.effective_on + timedelta(version.grace_days)
        if version.requires_reacceptance and not in_grace:
            break
    return enough


def acceptances_visible_to(actor: Actor) -> QuerySet[Acceptance]:
    """One's own; all of them for the privacy office, EOTSS and auditors."""
    acceptances = Acceptance.objects.select_related("version", "employee")
    if actor.sees_everyone:
        return acceptances
    return acceptances.filter(employee=actor.employee_id or 0)
