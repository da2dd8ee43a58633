"""Every write by those who review, and by agencies that take a case up."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.audit import services as audit
from apps.catalog import mails
from apps.catalog.errors import AlreadyReviewed, CaseProhibited, SecondPersonNeeded
from apps.catalog.lifecycle import CASE
from apps.catalog.models import Adoption, Lowering, Review, UseCase
from apps.catalog.screening import OFFICES, TIERS, offices_for
from apps.catalog.selectors import offices_of
from apps.catalog.services import REVIEW_EVERY, why_not_data
from apps.core import clock
from apps.core.db.errors import translated
from apps.core.errors import Invalid, NotPermitted, StaleDecision, given

_ENDS = {"changes": "changes_requested", "refuse": "refused"}
_TOLD = {"changes_requested": "catalog_changes_requested", "refused": "catalog_refused"}


def case_review(*, actor: Actor, case: UseCase, office: str, decision: str, text: str = "") -> Review:
    """One office's word on the present round. The last office that accepts publishes the case; one that asks for
    changes or refuses ends the round.

    Raises `NotPermitted` for one's own case, `AlreadyReviewed`, `IllegalTransition` where nothing waits.
    """
    with transaction.atomic(), translated():
        case = _locked(case)
        _may_review(actor, case, office)
        if decision != "accept" and not text.strip():
            raise Invalid("Say what is needed.", how_to_fix="The author reads it and goes on from there.")
        if case.state == "submitted":
            _step(case, "in_review")
        CASE.check(case.state, "published")
        if case.reviews.filter(round=case.round, by_key=actor.key).exists():
            raise AlreadyReviewed()
        review = Review.objects.create(
            case=case, round=case.round, office=office, decision=decision, text=text.strip(), by_key=actor.key,
            by_name=actor.name, at=clock.now(),
        )  # fmt: skip
        _settle(case, decision)
        audit.record(
            actor, "catalog.case.reviewed", case,
            after={"office": OFFICES[office], "decision": review.get_decision_display(), "state": case.get_state_display()},
            reason=text.strip(),
        )  # fmt: skip
    return review


def _may_review(actor: Actor, case: UseCase, office: str) -> None:
    if office not in offices_for(case.tier, case.data_class):
        raise Invalid("This office does not review this use case.", how_to_fix="Reload the page to see which ones do.")
    if actor.employee_id is not None and case.author_id == actor.employee_id:
        raise NotPermitted("Nobody reviews their own use case.", how_to_fix="Another person of the office reviews it.")
    if office not in offices_of(actor, case):
        raise NotPermitted(f"You do not speak for this office: {OFFICES[office]}.", how_to_fix="Ask somebody who does.")


def _settle(case: UseCase, decision: str) -> None:
    """Move the case to where its reviews of this round say it belongs, and tell the author."""
    if decision in _ENDS:
        _step(case, _ENDS[decision])
        mails.told(case, _TOLD[case.state])
        return
    reviews = list(case.reviews.filter(round=case.round))
    if not set(offices_for(case.tier, case.data_class)) <= {review.office for review in reviews}:
        return
    if case.lowerings.filter(is_confirmed=None).exists():
        return
    case.conditions = "\n\n".join(
        f"{review.get_office_display()}: {review.text}" for review in reviews if review.decision == "conditions"
    )
    case.published_at, case.review_on = case.published_at or clock.now(), clock.today() + REVIEW_EVERY
    _step(case, "conditions" if case.conditions else "published")
    mails.told(case, "catalog_published")


def _step(case: UseCase, state: str) -> None:
    CASE.check(case.state, state)
    case.state, case.changed_at = state, clock.now()
    case.save()


def lowering_request(*, actor: Actor, case: UseCase, to_tier: str, justification: str) -> Lowering:
    """Ask for a lower tier than the answers give. A second person decides; the case is not published before."""
    actor.require(Role.PRIVACY, Role.ADMINISTRATOR)
    with transaction.atomic(), translated():
        case = _locked(case)
        if actor.employee_id is not None and case.author_id == actor.employee_id:
            raise NotPermitted("Nobody lowers the tier of their own use case.", how_to_fix="Another reviewer asks.")
        if not case.is_waiting:
            raise Invalid("The tier can be lowered only while the case is in review.", how_to_fix="Look at its state.")
        order = list(TIERS)
        if to_tier not in order or order.index(to_tier) <= order.index(case.tier):
            raise Invalid("This is not a lower tier.", how_to_fix=f"Choose one below {TIERS[case.tier]}.")
        lowering = Lowering.objects.create(
            case=case, from_tier=case.tier, to_tier=to_tier, answered=case.answered, justification=given(justification),
            requested_by_key=actor.key, requested_by=actor.name, requested_at=clock.now(),
        )  # fmt: skip
        audit.record(
            actor, "catalog.lowering.requested", case, after={"from": case.tier, "to": to_tier}, reason=justification
        )
    return lowering


def lowering_decide(*, actor: Actor, lowering: Lowering, confirm: bool, reason: str) -> Lowering:
    """A person other than the one who asked confirms or rejects the lower tier."""
    actor.require(Role.PRIVACY, Role.ADMINISTRATOR)
    with transaction.atomic(), translated():
        case = _locked(lowering.case)
        lowering = Lowering.objects.select_for_update().get(pk=lowering.pk)
        if lowering.is_confirmed is not None:
            raise StaleDecision()
        if lowering.requested_by_key == actor.key or case.author_id == (actor.employee_id or 0):
            raise SecondPersonNeeded()
        lowering.is_confirmed, lowering.decided_at = confirm, clock.now()
        lowering.decided_by_key, lowering.decided_by = actor.key, actor.name
        lowering.save()
        if confirm and case.is_waiting and lowering.answered == case.answered:
            case.tier = lowering.to_tier
            case.save(update_fields=["tier"])
        if case.state == "in_review":
            _settle(case, "accept")
        verb = "catalog.lowering.confirmed" if confirm else "catalog.lowering.rejected"
        audit.record(actor, verb, case, after={"tier": case.tier}, reason=given(reason))
    return lowering


def case_adopt(*, actor: Actor, case: UseCase, agency: Agency, since_on: date | None = None) -> Adoption:
    """An agency takes a published case up. Its contacts or EOTSS say so."""
    with transaction.atomic(), translated():
        case = _locked(case)
        _may_speak(actor, agency)
        if not case.is_live:
            raise Invalid("Only published use cases can be adopted.", how_to_fix="Look at its state on its page.")
        if case.agency_id == agency.pk:
            raise Invalid("This use case is the agency's own.", how_to_fix="Report its result instead.")
        if reason := why_not_data(case.data_class, agency):
            raise CaseProhibited(reasons=[reason])
        adoption = Adoption.objects.create(
            case=case, agency=agency, since_on=since_on or clock.today(), recorded_by=actor.name
        )
        # The owner counts too: three agencies make a case scaled.
        case.agencies_using = 1 + case.adoptions.count()
        case.save(update_fields=["agencies_using"])
        audit.record(
            actor, "catalog.case.adopted", case, after={"agency": agency.code, "agencies": case.agencies_using}
        )
    return adoption


def adoption_report(
    *, actor: Actor, adoption: Adoption, result: str, minutes_saved: int | None = None, answers: int | None = None,
    method: str = "",
) -> Adoption:  # fmt: skip
    """What came of it in an agency that took the case up."""
    with transaction.atomic(), translated():
        adoption = Adoption.objects.select_for_update(of=("self",)).select_related("agency", "case").get(pk=adoption.pk)
        _may_speak(actor, adoption.agency)
        adoption.result, adoption.method, adoption.reported_at = result.strip(), method.strip(), clock.now()
        adoption.minutes_saved, adoption.answers = minutes_saved, answers
        adoption.save()
        audit.record(
            actor, "catalog.adoption.reported", adoption.case,
            after={"agency": adoption.agency.code, "minutes_saved": minutes_saved, "answers": answers},
        )  # fmt: skip
    return adoption


def _may_speak(actor: Actor, agency: Agency) -> None:
    if agency.pk not in actor.agency_ids and not actor.has(Role.ADMINISTRATOR):
        raise NotPermitted("Only the agency's contacts may say this.", how_to_fix="Ask your agency's contact.")


def _locked(case: UseCase) -> UseCase:
    return UseCase.objects.select_for_update(of=("self",)).select_related("agency").defer("search").get(pk=case.pk)
