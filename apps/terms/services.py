"""Every write to the terms."""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Employee
from apps.audit import services as audit
from apps.core import clock, hooks
from apps.core.db.errors import translated
from apps.core.errors import Invalid, NotPermitted, given
from apps.terms.errors import AlreadyAccepted, NotConfirmed, OtherText
from apps.terms.lifecycle import TERMS
from apps.terms.models import BINDING, LANGUAGES, Acceptance, TermsVersion

State = TermsVersion.State
MOST_CHARACTERS = 200_000


def terms_draft(
    *,
    actor: Actor,
    title: str,
    body: str,
    summary_of_changes: str = "",
    requires_reacceptance: bool = True,
    grace_days: int = 14,
) -> TermsVersion:
    """Begin the next version, in English. Raises `DraftWaits` while another one is being prepared."""
    actor.require(Role.PRIVACY)
    title, body = _text(title, body)
    with transaction.atomic(), translated():
        last = TermsVersion.objects.aggregate(last=Max("number"))["last"] or 0
        version = TermsVersion.objects.create(
            number=last + 1,
            title=title,
            body=body,
            summary_of_changes=summary_of_changes,
            requires_reacceptance=requires_reacceptance,
            grace_days=grace_days,
        )
        audit.record(actor, "terms.version.drafted", version, after={"number": version.number})
    return version


def terms_translate(*, actor: Actor, version: TermsVersion, language: str, title: str, body: str) -> TermsVersion:
    """Draft the text of a version in another language. Raises `TranslationExists`."""
    actor.require(Role.PRIVACY)
    title, body = _text(title, body)
    if language not in LANGUAGES or language == BINDING:
        raise Invalid("The terms are not kept in that language.", how_to_fix="Choose one of the list.")
    if version.state == State.SUPERSEDED:
        raise Invalid("The version is no longer in force.", how_to_fix="Translate the one that is.")
    with transaction.atomic(), translated():
        made = TermsVersion.objects.create(
            number=version.number, language=language, title=title, body=body,
            requires_reacceptance=version.requires_reacceptance, grace_days=version.grace_days,
        )  # fmt: skip
        audit.record(actor, "terms.version.translated", made, after={"number": made.number, "language": language})
    return made


def terms_revise(
    *,
    actor: Actor,
    version: TermsVersion,
    title: str,
    body: str,
    summary_of_changes: str = "",
    requires_reacceptance: bool | None = None,
    grace_days: int | None = None,
) -> TermsVersion:
    """Change a draft. Raises `TermsFrozen` once it is published or scheduled."""
    actor.require(Role.PRIVACY)
    title, body = _text(title, body)
    with transaction.atomic(), translated():
        version.title, version.body, version.summary_of_changes = title, body, summary_of_changes
        if requires_reacceptance is not None:
            version.requires_reacceptance = requires_reacceptance
        if grace_days is not None:
            version.grace_days = grace_days
        version.save(
            update_fields=["title", "body", "summary_of_changes", "requires_reacceptance", "grace_days"]
        )  # the trigger refuses what is not a draft
        audit.record(actor, "terms.version.revised", version, after={"sha256": version.digest()})
    return version


def _text(title: str, body: str) -> tuple[str, str]:
    """Title and text as they are kept: browsers end lines with two characters, which would count as changes."""
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    if not title.strip() or not body.strip():
        raise Invalid("The terms need a title and a text.", how_to_fix="Fill in both.")
    if len(body) > MOST_CHARACTERS:
        raise Invalid(f"The text has more than {MOST_CHARACTERS:,} characters.", how_to_fix="Shorten it.")
    return title.strip(), body


def terms_publish(
    *, actor: Actor, version: TermsVersion, reason: str, on: date | None = None, typed: str | None = None
) -> TermsVersion:
    """Freeze a draft with its translations and put it into force, today or from a later day on.

    `typed` is what the person typed to confirm, where a person does it: the version's name. A translation whose
    English text is in force already joins it. Raises `NotConfirmed`, `IllegalTransition`.
    """
    actor.require(Role.PRIVACY)
    actor.require_fresh()
    reason, today = given(reason), clock.today()
    if typed is not None and typed.strip().casefold() != str(version).casefold():
        raise NotConfirmed(f"Type “{version}” to confirm.")
    if on is not None and on < today:
        raise Invalid("The day lies in the past.", how_to_fix="Choose today or a later day.")
    with transaction.atomic(), translated():
        version = TermsVersion.objects.select_for_update().get(pk=version.pk)
        if not version.is_binding:
            _join(version)
        else:
            state = State.PUBLISHED if on is None or on == today else State.SCHEDULED
            TERMS.check(version.state, state)
            _freeze(actor, version, state, on or today)
        audit.record(
            actor, f"terms.version.{version.state}", version, reason=reason,
            after={"number": version.number, "effective_on": version.effective_on} | _fingerprints(version),
        )  # fmt: skip
        if version.is_binding and version.state == State.PUBLISHED:
            hooks.call("ELIGIBILITY_CHANGED", actor, None)
    return version


def _freeze(actor: Actor, version: TermsVersion, state: str, on: date) -> None:
    """Give the drafts of a version their hash, day and state; the version in force before makes room."""
    if state == State.PUBLISHED:
        _supersede(version.number)
    for text in TermsVersion.objects.filter(number=version.number, state=State.DRAFT).order_by("id"):
        text.sha256, text.effective_on, text.state = text.digest(), on, state
        text.published_at, text.published_by = clock.now(), actor.name
        text.save()
    version.refresh_from_db()


def _join(text: TermsVersion) -> None:
    """Let a translation follow its English text, which must be out already."""
    binding = TermsVersion.objects.get(number=text.number, language=BINDING)
    if binding.state not in {State.PUBLISHED, State.SCHEDULED}:
        raise Invalid("The English text is not published.", how_to_fix="Publish it; its translations go with it.")
    TERMS.check(text.state, binding.state)
    text.sha256, text.effective_on, text.state = text.digest(), binding.effective_on, binding.state
    text.published_at, text.published_by = clock.now(), binding.published_by
    text.save()


def _supersede(number: int) -> None:
    _in_force().filter(number__lt=number).update(state=State.SUPERSEDED)


def _in_force() -> QuerySet[TermsVersion]:
    return TermsVersion.objects.filter(state=State.PUBLISHED)


def _fingerprints(version: TermsVersion) -> dict[str, str]:
    texts = TermsVersion.objects.filter(number=version.number).exclude(sha256="").order_by("id")
    return {"sha256" if text.is_binding else f"sha256_{text.language}": text.sha256 for text in texts}


def terms_unschedule(*, actor: Actor, version: TermsVersion, reason: str) -> TermsVersion:
    """Take an announced version back before its day: it is a draft again, and so are its translations."""
    actor.require(Role.PRIVACY)
    reason = given(reason)
    with transaction.atomic(), translated():
        version = TermsVersion.objects.select_for_update().get(number=version.number, language=BINDING)
        if version.effective_on is not None and version.effective_on <= clock.today():
            raise Invalid("The version is in force.", how_to_fix="Draft a new version.")
        TERMS.check(version.state, State.DRAFT)
        if Acceptance.objects.filter(version__number=version.number).exists():
            raise Invalid(
                "Somebody has accepted it ahead: what they agreed to must stay.",
                how_to_fix="Let it come into force, and publish a version after it.",
            )
        TermsVersion.objects.filter(number=version.number, state=State.SCHEDULED).update(state=State.DRAFT)
        audit.record(actor, "terms.version.unscheduled", version, after={"number": version.number}, reason=reason)
    version.refresh_from_db()
    return version


def terms_take_effect(*, actor: Actor) -> TermsVersion | None:
    """Let the scheduled version whose day has come be the one in force; None where there is none.

    Reading asks for days and not for states, so nothing depends on this being punctual; the state follows, and
    whoever holds a seat is looked at.
    """
    if not actor.is_system:
        raise NotPermitted("Beacon does this by itself on the day.")
    due = TermsVersion.objects.filter(state=State.SCHEDULED, language=BINDING, effective_on__lte=clock.today())
    with transaction.atomic(), translated():
        version = due.select_for_update(skip_locked=True).first()
        if version is None:
            return None
        _supersede(version.number)
        TermsVersion.objects.filter(number=version.number, state=State.SCHEDULED).update(state=State.PUBLISHED)
        audit.record(actor, "terms.version.took_effect", version, after={"number": version.number})
        hooks.call("ELIGIBILITY_CHANGED", actor, None)
    version.refresh_from_db()
    return version


def terms_accept(*, actor: Actor, version: TermsVersion, sha256: str, channel: str = "console") -> Acceptance:
    """The acting employee agrees to the exact text that was shown, known by its hash.

    Raises `OtherText` where the text in force is another, `AlreadyAccepted`.
    """
    if actor.employee_id is None:
        raise NotPermitted("Only employees accept the terms.")
    with transaction.atomic(), translated():
        # Nobody takes the version back meanwhile, and one person accepts once, whatever the language.
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM terms_termsversion WHERE number = %s FOR SHARE", [version.number])
        employee = Employee.objects.select_for_update(no_key=True).get(pk=actor.employee_id)
        version = TermsVersion.objects.get(pk=version.pk)
        if version.state not in {State.PUBLISHED, State.SCHEDULED} or sha256 != version.sha256:
            raise OtherText()
        if Acceptance.objects.filter(employee=actor.employee_id, version__number=version.number).exists():
            raise AlreadyAccepted()
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
