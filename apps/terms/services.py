"""Every write to the terms."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Employee
from apps.audit import services as audit
from apps.core import clock, hooks
from apps.core.db.errors import translated
from apps.core.errors import Invalid, NotPermitted
from apps.terms.errors import OtherText
from apps.terms.lifecycle import TERMS
from apps.terms.models import Acceptance, TermsVersion


def terms_draft(
    *,
    actor: Actor,
    title: str,
    body: str,
    summary_of_changes: str = "",
    requires_reacceptance: bool = True,
    grace_days: int = 14,
    language: str = "en",
) -> TermsVersion:
    """Begin a new version. Its number follows the last one of the language."""
    actor.require(Role.PRIVACY)
    if not title.strip() or not body.strip():
        raise Invalid("The terms need a title and a text.")
    with transaction.atomic():
        last = TermsVersion.objects.filter(language=language).aggregate(last=Max("number"))["last"] or 0
        version = TermsVersion.objects.create(
            number=last + 1,
            language=language,
            title=title.strip(),
            body=body,
            summary_of_changes=summary_of_changes,
            requires_reacceptance=requires_reacceptance,
            grace_days=grace_days,
        )
        audit.record(actor, "terms.version.drafted", version, after={"number": version.number})
    return version


def terms_revise(
    *, actor: Actor, version: TermsVersion, title: str, body: str, summary_of_changes: str
) -> TermsVersion:
    """Change a draft. Raises `TermsFrozen` once it is published."""
    actor.require(Role.PRIVACY)
    with transaction.atomic(), translated():
        version.title, version.body, version.summary_of_changes = title.strip(), body, summary_of_changes
        version.save(update_fields=["title", "body", "summary_of_changes"])
        audit.record(actor, "terms.version.revised", version, after={"sha256": version.digest()})
    return version


def terms_publish(*, actor: Actor, version: TermsVersion, reason: str) -> TermsVersion:
    """Put a draft into force today. The version before it is superseded; grace begins where it demands it."""
    actor.require(Role.PRIVACY)
    with transaction.atomic(), translated():
        version = TermsVersion.objects.select_for_update().get(pk=version.pk)
        TERMS.check(version.state, "published")
        TermsVersion.objects.filter(state=TermsVersion.State.PUBLISHED, language=version.language).update(
            state=TermsVersion.State.SUPERSEDED
        )
        version.state = TermsVersion.State.PUBLISHED
        version.sha256, version.effective_on = version.digest(), clock.today()
        version.published_at, version.published_by = clock.now(), actor.name
        version.save()
        audit.record(
            actor, "terms.version.published", version,
            after={"number": version.number, "sha256": version.sha256}, reason=reason,
        )  # fmt: skip
    return version


def terms_accept(*, actor: Actor, version: TermsVersion, sha256: str, channel: str = "console") -> Acceptance:
    """The acting employee agrees to the exact text that was shown, known by its hash.

    Raises `OtherText` where the text in force is another, `AlreadyAccepted`.
    """
    if actor.employee_id is None:
        raise NotPermitted("Only employees accept the terms.")
    with transaction.atomic(), translated():
        version = TermsVersion.objects.get(pk=version.pk)
        if version.state != TermsVersion.State.PUBLISHED or sha256 != version.sha256:
            raise OtherText()
        employee = Employee.objects.get(pk=actor.employee_id)
        acceptance = Acceptance.objects.create(
            employee=employee, version=version, sha256=version.sha256, language=version.language, channel=channel,
            accepted_at=clock.now(),
        )  # fmt: skip
        audit.record(
            actor, "terms.version.accepted", acceptance,
            after={"number": version.number, "sha256": version.sha256}, role=Role.EMPLOYEE,
        )  # fmt: skip
        hooks.call("ELIGIBILITY_CHANGED", actor, [employee.pk])
    return acceptance
