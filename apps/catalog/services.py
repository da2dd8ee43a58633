"""Every write by authors and owners: drafting, sending in, results, stage, retirement, and suspension by another app."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.audit import services as audit
from apps.catalog import inventory, mails
from apps.catalog.errors import CaseProhibited, NotWritable
from apps.catalog.lifecycle import CASE
from apps.catalog.models import TEXTS, CaseVersion, UseCase
from apps.catalog.screening import DATA_CLASSES
from apps.core import clock
from apps.core.db.errors import translated
from apps.core.errors import Invalid, NotPermitted, Reason, given

REVIEW_EVERY = timedelta(days=365)
# Pages of the form by what must be on them before the case can be sent in.
NEEDED = {
    "title": "a title", "problem": "the problem", "how": "how the assistant is used", "outputs": "what it writes",
    "task_type": "the task type", "topic_area": "the topic area", "data_class": "the kind of data", "checker": "who checks",
    "check_how": "how they check", "measure": "what is measured", "benefits": "the expected benefit",
    "example_prompt": "an example prompt",
}  # fmt: skip
_QUESTIONS = ("decides", "to_residents", "principal_basis")


def case_begin(*, actor: Actor, title: str, problem: str) -> UseCase:
    """Begin a draft for the actor's own agency. It has its number from now on."""
    if actor.employee_id is None or actor.agency_id is None:
        raise NotPermitted("Only employees share use cases.", how_to_fix="Ask somebody of the agency to send it in.")
    with transaction.atomic():
        case = UseCase.objects.create(
            author_id=actor.employee_id, agency_id=actor.agency_id, title=title.strip(), problem=problem.strip(),
            created_at=clock.now(), changed_at=clock.now(),
        )  # fmt: skip
        audit.record(actor, "catalog.case.begun", case, after={"title": case.title}, role=Role.EMPLOYEE)
    return case


def case_write(*, actor: Actor, case: UseCase, texts: dict[str, Any]) -> UseCase:
    """Save one page of a draft. Raises `NotWritable` once it is sent in."""
    if unknown := set(texts) - set(TEXTS):
        raise Invalid(f"These are not fields of a use case: {', '.join(sorted(unknown))}.")
    with transaction.atomic():
        case = _own(actor, case)
        if not case.is_writable:
            raise NotWritable()
        changed = [name for name, value in texts.items() if getattr(case, name) != value]
        for name in changed:
            setattr(case, name, texts[name])
        case.changed_at = clock.now()
        case.save(update_fields=[*changed, "changed_at"])
        audit.record(actor, "catalog.case.written", case, after={"fields": changed}, role=Role.EMPLOYEE)
    return case


def missing_in(case: UseCase) -> list[str]:
    """What must still be filled in before the case can be sent, in words."""
    found = [words for name, words in NEEDED.items() if not getattr(case, name)]
    if any(getattr(case, name) is None for name in _QUESTIONS):
        found.append("the screening questions")
    return found


def why_not_send(case: UseCase) -> list[Reason]:
    """What stands in the way of sending the case in; the same on the last page and in the refusal."""
    reasons = list(case.verdict.refusals)
    if missing := missing_in(case):
        reasons.append(
            Reason("incomplete", f"Missing: {', '.join(missing)}.", "Go back to that page and fill it in.", "You")
        )
    if reason := why_not_data(case.data_class, case.agency):
        reasons.append(reason)
    return reasons


def why_not_data(data_class: str, agency: Agency) -> Reason | None:
    """Criminal-justice and federal tax information only where the agency has it in writing (agencies.Agency)."""
    if (data_class == "cji" and not agency.permits_cji) or (data_class == "fti" and not agency.permits_fti):
        return Reason(
            "data_not_permitted", f"{agency.name} may not put this into the assistant: {DATA_CLASSES[data_class].lower()}.",
            "Leave such data out, or have EOTSS record the agency's permission first.", "You",
        )  # fmt: skip
    return None


def case_submit(*, actor: Actor, case: UseCase) -> UseCase:
    """Send the case in: screened, kept word for word, and open for its reviews."""
    with transaction.atomic(), translated():
        case = _own(actor, case)
        CASE.check(case.state, "submitted")
        if reasons := why_not_send(case):
            raise CaseProhibited(reasons=reasons)
        lowered = case.lowerings.filter(is_confirmed=True).first()
        holds = lowered is not None and lowered.answered == case.answered
        case.tier = lowered.to_tier if lowered is not None and holds else case.verdict.tier
        case.state, case.round = UseCase.State.SUBMITTED, case.round + 1
        case.submitted_at = case.changed_at = clock.now()
        case.save()
        CaseVersion.objects.create(
            case=case, round=case.round, texts={name: getattr(case, name) for name in TEXTS}, at=clock.now()
        )
        audit.record(
            actor, "catalog.case.submitted", case, after={"tier": case.tier, "round": case.round}, role=Role.EMPLOYEE
        )
    return case


def case_withdraw(*, actor: Actor, case: UseCase) -> UseCase:
    """The author takes a draft, or what is not decided yet, back. Its number stays used."""
    with transaction.atomic(), translated():
        return _move(actor, _own(actor, case), "withdrawn", "catalog.case.withdrawn")


def case_suspend(*, actor: Actor, case: UseCase, reason: str) -> UseCase:
    """Stop the use at once, after an incident for example. For the privacy office, EOTSS, or another app of Beacon."""
    actor.require(Role.PRIVACY, Role.ADMINISTRATOR)
    with transaction.atomic(), translated():
        case = _move(actor, _locked(case), "suspended", "catalog.case.suspended", reason=given(reason))
        mails.told(case, "catalog_suspended")
    return case


def case_resume(*, actor: Actor, case: UseCase, reason: str) -> UseCase:
    """Publish a suspended case again; it counts as a re-review."""
    actor.require(Role.PRIVACY, Role.ADMINISTRATOR)
    with transaction.atomic(), translated():
        case = _locked(case)
        _not_by_author(actor, case)
        case.review_on = clock.today() + REVIEW_EVERY
        state = "conditions" if case.conditions else "published"
        return _move(actor, case, state, "catalog.case.resumed", reason=given(reason))


def case_reconfirm(*, actor: Actor, case: UseCase, reason: str) -> UseCase:
    """The yearly review: nothing has changed. The next one is due in a year."""
    with transaction.atomic():
        case = _locked(case)
        if case.agency_id not in actor.agency_ids:
            actor.require(Role.PRIVACY, Role.ADMINISTRATOR)
        _not_by_author(actor, case)
        if not case.is_live:
            raise Invalid("Only published use cases are reviewed again.", how_to_fix="Look at its state on its page.")
        case.review_on = clock.today() + REVIEW_EVERY
        case.save(update_fields=["review_on"])
        audit.record(
            actor, "catalog.case.reviewed_again", case, after={"next": case.review_on}, reason=given(reason)
        )  # fmt: skip
    return case


def case_retire(*, actor: Actor, case: UseCase, reason: str) -> UseCase:
    """End the use. It stays listed for a year, and its number for ever."""
    with transaction.atomic(), translated():
        case = _owned(actor, case)
        case.retired_on, case.stage = clock.today(), UseCase.Stage.RETIRED
        return _move(actor, case, "retired", "catalog.case.retired", reason=given(reason))


def case_set_stage(*, actor: Actor, case: UseCase, stage: str) -> UseCase:
    """How far the use has come in practice. The first day as pilot or deployed is kept."""
    if stage not in {"pre_deployment", "pilot", "deployed"}:
        raise Invalid("There is no such stage.", how_to_fix="To end the use, retire it.")
    with transaction.atomic():
        case = _owned(actor, case)
        if not case.is_live:
            raise Invalid("Only published use cases have a stage that moves.", how_to_fix="Wait for its publication.")
        before, case.stage = case.stage, stage
        if stage != "pre_deployment" and case.operational_on is None:
            case.operational_on = clock.today()
        case.save(update_fields=["stage", "operational_on"])
        audit.record(actor, "catalog.case.stage_set", case, before={"stage": before}, after={"stage": stage})
    return case


def case_report(
    *, actor: Actor, case: UseCase, result: str, minutes_saved: int | None = None, answers: int | None = None,
    method: str = "",
) -> UseCase:  # fmt: skip
    """What came of it in the owner's agency. Minutes are per person on days used, as people say themselves."""
    with transaction.atomic(), translated():
        case = _owned(actor, case)
        if not case.is_live:
            raise Invalid("Only published use cases report a result.", how_to_fix="Wait for its publication.")
        case.result, case.minutes_saved, case.answers, case.method = (
            result.strip(),
            minutes_saved,
            answers,
            method.strip(),
        )
        case.save(update_fields=["result", "minutes_saved", "answers", "method"])
        audit.record(
            actor, "catalog.case.result_reported", case,
            after={"minutes_saved": minutes_saved, "answers": answers, "method": method},
        )  # fmt: skip
    return case


def case_answer_practices(*, actor: Actor, case: UseCase, practices: dict[str, str]) -> UseCase:
    """The nine answers about a high-impact use that the federal inventory asks for."""
    actor.require(Role.PRIVACY, Role.ADMINISTRATOR)
    with transaction.atomic():
        case = _locked(case)
        known = {column.name for column in inventory.practices()}
        if unknown := set(practices) - known:
            raise Invalid(f"The inventory does not ask this: {', '.join(sorted(unknown))}.")
        case.practices = practices
        case.save(update_fields=["practices"])
        audit.record(
            actor, "catalog.case.practices_answered", case, after={"answered": sorted(filter(practices.get, practices))}
        )
    return case


# ---- who and how ---------------------------------------------------------------------------------------------


def _locked(case: UseCase) -> UseCase:
    return UseCase.objects.select_for_update(of=("self",)).select_related("agency").defer("search").get(pk=case.pk)


def _own(actor: Actor, case: UseCase) -> UseCase:
    case = _locked(case)
    if actor.employee_id is None or case.author_id != actor.employee_id:
        raise NotPermitted(
            "Only its author may do this.", how_to_fix="Ask the author, or share a use case of your own."
        )
    return case


def _owned(actor: Actor, case: UseCase) -> UseCase:
    """The author, a contact of the agency, or EOTSS."""
    case = _locked(case)
    if case.author_id != actor.employee_id and case.agency_id not in actor.agency_ids:
        actor.require(Role.ADMINISTRATOR)
    return case


def _not_by_author(actor: Actor, case: UseCase) -> None:
    if actor.employee_id is not None and case.author_id == actor.employee_id:
        raise NotPermitted("Nobody reviews their own use case.", how_to_fix="Another person of the office reviews it.")


def _move(actor: Actor, case: UseCase, state: str, verb: str, *, reason: str = "") -> UseCase:
    CASE.check(case.state, state)
    before, case.state, case.changed_at = case.state, state, clock.now()
    case.save()
    audit.record(actor, verb, case, before={"state": before}, after={"state": state}, reason=reason)
    return case
