"""Questions: asked of the agency's contacts, answered or handed over, reopened once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.accounts.actors import Actor, Role
from apps.audit import services as audit
from apps.core import clock
from apps.core.db.errors import translated
from apps.core.errors import Invalid, NotPermitted
from apps.core.workdays import after_working_days
from apps.knowledge import mails
from apps.knowledge.errors import ReopenedAlready
from apps.knowledge.lifecycle import QUESTION
from apps.knowledge.models import OFFICES, Question, QuestionEntry

# Working days from the question, or from asking again, until its answer is due.
DUE_DAYS = 2
OFFICE_ROLES = {"eotss": Role.ADMINISTRATOR, "privacy": Role.PRIVACY}


def question_ask(*, actor: Actor, subject: str, text: str) -> Question:
    """Ask the contacts of one's own agency."""
    if actor.employee_id is None or actor.agency_id is None:
        raise NotPermitted("Only employees ask their agency's contacts.", how_to_fix="Ask EOTSS directly.")
    with transaction.atomic():
        question = Question.objects.create(
            asker_id=actor.employee_id, agency_id=actor.agency_id, subject=subject.strip(), text=text.strip(),
            asked_at=clock.now(), due_at=_due(),
        )  # fmt: skip
        audit.record(actor, "knowledge.question.asked", question, after={"due": question.due_at}, role=Role.EMPLOYEE)
    return question


def question_answer(*, actor: Actor, question: Question, text: str) -> Question:
    """Answer it, for whoever it is with; the asker gets a mail that leads to the answer."""
    with transaction.atomic(), translated():
        question = _locked(question)
        may_answer(actor, question)
        QUESTION.check(question.state, "answered")
        question.state, question.answered_at = Question.State.ANSWERED, clock.now()
        question.save(update_fields=["state", "answered_at"])
        _say(actor, question, "answered", text)
        audit.record(actor, "knowledge.question.answered", question, after={"state": "answered"})
        mails.answered(question)
    return question


def question_hand_over(*, actor: Actor, question: Question, office: str, note: str) -> Question:
    """Hand an open question to EOTSS or the privacy office. Its due time stays: the asker waits either way."""
    if office not in OFFICES:
        raise Invalid("There is no such office.", how_to_fix="Choose EOTSS or the privacy office.")
    with transaction.atomic(), translated():
        question = _locked(question)
        may_answer(actor, question)
        if question.state != Question.State.OPEN or question.office == office:
            raise Invalid(
                "Only an open question is handed over, and to another office.", how_to_fix="Look at its page."
            )
        before, question.office = question.office or "contacts", office
        question.handed_to = sorted({*question.handed_to, office})
        question.save(update_fields=["office", "handed_to"])
        _say(actor, question, "handed_over", note)
        audit.record(
            actor, "knowledge.question.handed_over", question, before={"office": before}, after={"office": office}
        )
    return question


def question_reopen(*, actor: Actor, question: Question, text: str) -> Question:
    """The asker says what is still open; once. It is due anew and stays with whoever answered."""
    with transaction.atomic(), translated():
        question = _locked(question)
        if actor.employee_id is None or question.asker_id != actor.employee_id:
            raise NotPermitted("Only the asker reopens a question.", how_to_fix="Ask a question of your own.")
        if question.is_reopened:
            raise ReopenedAlready()
        QUESTION.check(question.state, "open")
        question.state, question.is_reopened, question.due_at = Question.State.OPEN, True, _due()
        question.save(update_fields=["state", "is_reopened", "due_at"])
        _say(actor, question, "reopened", text)
        audit.record(actor, "knowledge.question.reopened", question, after={"due": question.due_at}, role=Role.EMPLOYEE)
    return question


# ---- who and how ---------------------------------------------------------------------------------------------


def answers(actor: Actor, question: Question) -> bool:
    """Whether the question is with this person: a contact of its agency, or of the office that it was handed to."""
    if actor.employee_id is not None and actor.employee_id == question.asker_id:
        return False
    if question.office:
        return actor.has(OFFICE_ROLES[question.office])
    return question.agency_id in actor.agency_ids


def may_answer(actor: Actor, question: Question) -> None:
    """Raise `NotPermitted` for whoever the question is not with."""
    if not answers(actor, question):
        raise NotPermitted(
            "This question is with somebody else, or is your own.",
            how_to_fix=f"It is with: {question.with_whom}. They answer it or hand it over.",
        )


def _locked(question: Question) -> Question:
    return Question.objects.select_for_update(of=("self",)).select_related("asker", "agency").get(pk=question.pk)


def _say(actor: Actor, question: Question, kind: str, text: str) -> None:
    if not text.strip():
        raise Invalid("Write something.", how_to_fix="The others read it on the page of the question.")
    QuestionEntry.objects.create(
        question=question, kind=kind, office=question.office, text=text.strip(), by_name=actor.name, at=clock.now()
    )


def _due() -> datetime:
    return after_working_days(timezone.localtime(clock.now()), DUE_DAYS)
