"""The breach desk (M.G.L. c. 93H): answers, contents, the decision and who was told. For the privacy office alone.

Answers and contents may be corrected; each change leaves the SHA-256 of what was said in an entry of the timeline.
Decisions and notices are rows that are never changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.audit import services as audit
from apps.core import clock
from apps.core.db.errors import translated
from apps.core.errors import Invalid
from apps.incidents import errors
from apps.incidents.models import BreachAssessment, BreachDecision, BreachNotice, Incident, TimelineEntry
from apps.incidents.taxonomy import ANSWERS, CONTENT, QUESTIONS, RECIPIENTS, RESIDENT_FIELDS
from apps.incidents.timeline import entry_add, hashes, written

_FIELDS = (*CONTENT, *RESIDENT_FIELDS)


def breach_open(*, actor: Actor, incident: Incident) -> BreachAssessment:
    """Begin the assessment, with the contents that the incident already tells. Begun already: that one."""
    actor.require(Role.PRIVACY)
    with transaction.atomic():
        incident = Incident.objects.select_for_update(of=("self",)).select_related("agency").get(pk=incident.pk)
        if incident.state == Incident.State.NEW:
            raise errors.NotYetAcknowledged()
        desk = BreachAssessment.objects.filter(incident=incident).first()
        if desk is None:
            answers = {code: {"answer": "unknown", "note": ""} for code in QUESTIONS}
            desk = BreachAssessment.objects.create(
                incident=incident, answers=answers, content=_known(incident), opened_at=clock.now()
            )
            _tell(actor, desk, "opened", "The breach desk was opened.")
    return desk


def _known(incident: Incident) -> dict[str, str]:
    """What the incident already tells of the nine items. The narrative is not copied: a person words the notice."""
    happened = f"{incident.get_category_display()}, on or about {incident.occurred_on:%B} {incident.occurred_on.day}, "
    known = {
        "nature": f"{happened}{incident.occurred_on.year}.",
        "owner": incident.agency.name if incident.agency else "",
        "reporter": "The state's privacy office, for the agency",
        "reporter_type": "State agency",
        "responsible": "Not known",
        "program": "Yes",
        "steps": f"Contained on {incident.contained_at:%B} {incident.contained_at.day}."
        if incident.contained_at
        else "",
    }
    return {code: known.get(code, "") for code in _FIELDS}


def breach_answer(
    *, actor: Actor, desk: BreachAssessment, answers: Mapping[str, Mapping[str, str]]
) -> BreachAssessment:
    """Answer the four questions: {question: {"answer": yes | no | unknown, "note": text}}."""
    actor.require(Role.PRIVACY)
    if set(answers) != set(QUESTIONS) or any(given.get("answer") not in ANSWERS for given in answers.values()):
        raise Invalid("Answer each of the four questions with yes, no or not known yet.")
    with transaction.atomic():
        desk = _locked(desk)
        desk.answers = {code: {"answer": g["answer"], "note": _text(g.get("note", ""))} for code, g in answers.items()}
        desk.save(update_fields=["answers"])
        given = ", ".join(f"{code} {one['answer']}" for code, one in desk.answers.items())
        _tell(actor, desk, "answered", f"The four questions: {given}. SHA-256 {_digest(desk.answers)}")
    return desk


def breach_describe(*, actor: Actor, desk: BreachAssessment, content: Mapping[str, str]) -> BreachAssessment:
    """Word the nine items of the notice and the fields of the residents' letter; what is not given stays."""
    actor.require(Role.PRIVACY)
    if unknown := set(content) - set(_FIELDS):
        raise Invalid(f"The notice has no such item: {', '.join(sorted(unknown))}.")
    with transaction.atomic():
        desk = _locked(desk)
        desk.content = {**desk.content, **{code: _text(text) for code, text in content.items()}}
        desk.save(update_fields=["content"])
        changed = ", ".join(sorted(content))
        _tell(actor, desk, "described", f"The notice was worded ({changed}). SHA-256 {_digest(desk.content)}")
    return desk


def breach_decide(*, actor: Actor, desk: BreachAssessment, decision: str, reason: str) -> BreachDecision:
    """Decide whether it is a breach, with a reason. A later decision takes an earlier one's place; both are kept.

    Raises `AnswersMissing` for "not a breach" while a question is open. Counsel's advice belongs into the reason.
    """
    actor.require(Role.PRIVACY)
    if decision not in BreachAssessment.Decision.values:
        raise Invalid("Decide: a breach, not a breach, or not decided yet.")
    reason = written(reason, needed="Give a reason.")
    with transaction.atomic(), translated():
        desk = _locked(desk)
        is_open = any(given.get("answer") == "unknown" for given in desk.answers.values())
        if decision == BreachAssessment.Decision.NOT_BREACH and is_open:
            raise errors.AnswersMissing()
        made = BreachDecision.objects.create(
            assessment=desk, decision=decision, reason=reason, by=actor.name, at=clock.now()
        )
        _tell(actor, desk, "decided", f"{made}.\n{reason}", decision=decision)
    return made


def breach_notify(*, actor: Actor, desk: BreachAssessment, recipient: str, told_on: date, how: str) -> BreachNotice:
    """Record that one of the five was told. Beacon sends nothing to them itself."""
    actor.require(Role.PRIVACY)
    if recipient not in RECIPIENTS:
        raise Invalid("Choose one of the five recipients.")
    if told_on > clock.today():
        raise Invalid("The day lies in the future.", how_to_fix="Record it once they have been told.")
    how = written(how, needed="Say how they were told.")[:300]
    day = f"{told_on:%B} {told_on.day}, {told_on.year}"
    with transaction.atomic():
        desk = _locked(desk)
        made = BreachNotice.objects.create(
            assessment=desk, recipient=recipient, told_on=told_on, how=how, by=actor.name
        )
        _tell(
            actor, desk, "notified", f"{RECIPIENTS[recipient]}: told on {day}, {how}", recipient=recipient,
            told_on=told_on,
        )  # fmt: skip
    return made


def _locked(desk: BreachAssessment) -> BreachAssessment:
    Incident.objects.select_for_update(of=("self",)).get(pk=desk.incident_id)
    return BreachAssessment.objects.select_related("incident").get(pk=desk.pk)


def _text(text: str) -> str:
    return written(text) if text.strip() else ""


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _tell(actor: Actor, desk: BreachAssessment, verb: str, text: str, **after: Any) -> None:
    entry = entry_add(desk.incident, TimelineEntry.Kind.BREACH, text[:10_000], actor.name)
    audit.record(actor, f"incidents.breach.{verb}", desk.incident, after={**after, **hashes(entry)})
