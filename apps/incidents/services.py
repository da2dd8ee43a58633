"""What the privacy office and the handlers it named do about an incident. Reports come in by report_services.py.

Every act locks the incident, writes at least one entry of the timeline, and one audit event with that entry's SHA-256.
No text goes into the audit trail: a reason stands in the timeline, where only those who may read it do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts.actors import Actor, Role
from apps.accounts.models import User
from apps.agencies.models import Agency, Employee
from apps.audit import services as audit
from apps.core import clock, hooks
from apps.core.db.errors import translated
from apps.core.errors import Invalid, NotPermitted
from apps.core.uploads import Upload
from apps.incidents import errors
from apps.incidents.clocks import acknowledge_by, warn_at
from apps.incidents.lifecycle import INCIDENT, PRIVACY_ONLY
from apps.incidents.models import BreachAssessment, Containment, Incident, Task, TimelineEntry
from apps.incidents.report_services import attach
from apps.incidents.selectors import require_handler
from apps.incidents.taxonomy import CATEGORIES
from apps.incidents.timeline import entry_add, hashes, written
from apps.licenses import services as licenses
from apps.licenses.models import Seat
from apps.mail.outbox import Letter, To, mail_queue

Kind = TimelineEntry.Kind


def _locked(actor: Actor, incident: Incident) -> Incident:
    found = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    require_handler(actor, found)
    return found


def _tell(
    actor: Actor, incident: Incident, verb: str, *entries: TimelineEntry, before: Mapping[str, Any] | None = None,
    **after: Any,
) -> None:  # fmt: skip
    audit.record(actor, f"incidents.{verb}", incident, before=before, after={**after, **hashes(*entries)})


# ---- states ----------------------------------------------------------------------------------------------------


def incident_triage(
    *, actor: Actor, incident: Incident, category: str, severity: int, agency: Agency | None = None,
    is_near_miss: bool = False, detected_on: date | None = None, aware_at: datetime | None = None, note: str = "",
) -> Incident:  # fmt: skip
    """Say what it is and how severe; the first time this acknowledges it. Later it corrects what was said.

    `aware_at` is when the state first knew of it, from which the breach desk counts; not after now.
    """
    if category not in CATEGORIES or severity not in range(1, 6):
        raise Invalid("Choose a category and a severity from 1 to 5.")
    now = clock.now()
    if aware_at and aware_at > now:
        raise Invalid("The state cannot become aware in the future.", how_to_fix="Give a moment that has passed.")
    with transaction.atomic(), translated():
        incident = _locked(actor, incident)
        if incident.is_over:
            INCIDENT.check(incident.state, "triage")
        before = {"category": incident.category, "severity": incident.severity, "state": incident.state}
        incident.category, incident.severity, incident.agency = category, severity, agency
        incident.is_near_miss, incident.detected_on = is_near_miss, detected_on
        incident.aware_at = aware_at or incident.aware_at
        if incident.state == Incident.State.NEW:
            incident.state, incident.acknowledged_at = Incident.State.TRIAGE, now
            # The clock that was kept is that of the severity it turned out to have.
            reported = timezone.localtime(incident.reported_at)
            incident.acknowledge_by = acknowledge_by(reported, severity)
            incident.warn_at = warn_at(reported, incident.acknowledge_by)
        incident.save()
        words = f"{CATEGORIES[category]}; severity {incident.severity_label}."
        entry = entry_add(incident, Kind.STATE, _joined("Triaged", words, note), actor.name)
        _tell(
            actor, incident, "incident.triaged", entry, before=before, category=category, severity=severity,
            state=incident.state, aware_at=incident.aware_at,
        )  # fmt: skip
    return incident


def incident_move(*, actor: Actor, incident: Incident, state: str, reason: str = "") -> Incident:
    """Take the incident to its next state. Dismissing and reopening are for the privacy office, with a reason.

    Raises `NotYetAcknowledged`, `TasksOpen`, `BreachUndecided`.
    """
    with transaction.atomic():
        incident = _locked(actor, incident)
        if state in PRIVACY_ONLY:
            actor.require(Role.PRIVACY)
            reason = written(reason, needed="Give a reason.")
        if incident.state == Incident.State.NEW and state != Incident.State.DISMISSED:
            raise errors.NotYetAcknowledged()
        INCIDENT.check(incident.state, state)
        if state == Incident.State.CLOSED:
            _check_closing(incident)
        before = incident.state
        _move(incident, state)
        entry = entry_add(incident, Kind.STATE, _joined(str(incident.get_state_display()), "", reason), actor.name)
        _tell(actor, incident, f"incident.{state}", entry, before={"state": before}, state=state)
    return incident


def _check_closing(incident: Incident) -> None:
    if incident.tasks.filter(done_at=None).exists():
        raise errors.TasksOpen()
    desk = BreachAssessment.objects.filter(incident=incident).first()
    if desk is not None and desk.decided is None:
        raise errors.BreachUndecided()


def _move(incident: Incident, state: str) -> None:
    now = clock.now()
    incident.state = state
    if state == Incident.State.CONTAINED:
        incident.contained_at = incident.contained_at or now
    if incident.is_over:
        incident.closed_at, incident.acknowledged_at = now, incident.acknowledged_at or now
    if state == Incident.State.REOPENED:
        incident.closed_at, incident.duplicate_of = None, None
    incident.save()


def incident_contain(
    *, actor: Actor, incident: Incident, note: str, seat: Seat | None = None, case: int | None = None
) -> Containment:
    """Stop it from going on: suspend a seat, a use case (by number), both or neither, in one act.

    The person behind the seat is noted as concerned. Raises what the seat's or the use case's own suspension raises:
    then nothing at all is done.
    """
    text = written(note, needed="Write what was done.")
    with transaction.atomic(), translated():
        incident = _locked(actor, incident)
        if incident.state == Incident.State.NEW:
            raise errors.NotYetAcknowledged()
        if incident.is_over:
            INCIDENT.check(incident.state, Incident.State.CONTAINED)
        reason = f"Incident {incident.pk}"
        if seat is not None:
            # The seat's page is read by more people than the incident: which one it was does not stand there.
            licenses.seat_suspend(actor=actor, seat=seat, code="incident", reason="After an incident")
            incident.concerned.add(seat.employee_id)
        if case is not None:
            _suspend_case(actor, case, reason)
        if INCIDENT.allows(incident.state, Incident.State.CONTAINED):
            _move(incident, Incident.State.CONTAINED)
        made = Containment.objects.create(incident=incident, seat=seat, case_number=case, at=clock.now(), by=actor.name)
        done = [f"{seat} was suspended." if seat else "", f"Use case {case} was suspended." if case else ""]
        entry = entry_add(
            incident, Kind.CONTAINMENT, _joined("Contained", " ".join(filter(None, done)), text), actor.name
        )
        _tell(
            actor,
            incident,
            "incident.contained",
            entry,
            state=incident.state,
            case=case,
        )
    return made


def _suspend_case(actor: Actor, case: int, reason: str) -> None:
    suspenders = hooks.hooks("CASE_SUSPENDERS")
    if not suspenders:
        raise errors.CasesElsewhere()
    for suspend in suspenders:
        suspend(actor, case, reason)


def incident_merge(*, actor: Actor, incident: Incident, into: Incident) -> Incident:
    """Dismiss an incident as a duplicate of another, whose timeline says so too. Raises `NotADuplicate`."""
    actor.require(Role.PRIVACY)
    if incident.pk == into.pk:
        raise errors.NotADuplicate()
    with transaction.atomic(), translated():
        # Both in the order of their numbers, so that two who merge the same pair do not wait for each other.
        pair = {one.pk: one for one in Incident.objects.select_for_update(of=("self",)).filter(
            pk__in=[incident.pk, into.pk]).order_by("pk")}  # fmt: skip
        incident, into = pair[incident.pk], pair[into.pk]
        if into.duplicate_of_id or incident.duplicates.exists():
            raise errors.NotADuplicate()
        INCIDENT.check(incident.state, Incident.State.DISMISSED)
        before = incident.state
        incident.duplicate_of = into
        _move(incident, Incident.State.DISMISSED)
        entries = (
            # Without their numbers: who handles the one may not know of the other. The page names what is in sight.
            entry_add(incident, Kind.MERGE, "A duplicate of another incident.", actor.name),
            entry_add(into, Kind.MERGE, "Another incident is about the same.", actor.name),
        )
        _tell(
            actor, incident, "incident.merged", *entries, before={"state": before}, state=incident.state, into=into.pk
        )
    return incident


# ---- what is said ----------------------------------------------------------------------------------------------


def incident_note(*, actor: Actor, incident: Incident, text: str) -> TimelineEntry:
    """Add a note to the timeline. It cannot be changed afterwards; a correction is another note."""
    with transaction.atomic():
        incident = _locked(actor, incident)
        entry = entry_add(incident, Kind.NOTE, written(text, needed="Write the note."), actor.name)
        _tell(actor, incident, "incident.noted", entry)
    return entry


def incident_ask(*, actor: Actor, incident: Incident, text: str) -> TimelineEntry:
    """Ask the reporter something. One with a name gets a mail that says no more than that; one without reads it with
    the code.
    """
    with transaction.atomic():
        incident = _locked(actor, incident)
        if incident.is_over:
            raise Invalid("The incident is closed; its reporter cannot answer.", how_to_fix="Reopen it first.")
        # The reporter reads who asks as an office, and not as a person who could be pressed.
        entry = entry_add(incident, Kind.QUESTION, written(text, needed="Write the question."), actor.name)
        _tell(actor, incident, "incident.asked", entry)
        if incident.reporter is not None:
            to = To(incident.reporter.email, incident.reporter.pk)
            path = reverse("incidents:incident", args=[incident.pk])
            about = (Incident._meta.label, str(incident.pk))
            mail_queue("incidents_question", [Letter(to, key=str(entry.pk), path=path, about=about)])
    return entry


def incident_attach(*, actor: Actor, incident: Incident, upload: Upload) -> TimelineEntry:
    """Add a file that has been checked (core.uploads)."""
    with transaction.atomic():
        incident = _locked(actor, incident)
        entry = attach(incident, upload, actor.name, clock.now())
        _tell(actor, incident, "incident.file_added", entry)
    return entry


# ---- people ----------------------------------------------------------------------------------------------------


def handler_name(*, actor: Actor, incident: Incident, user: User) -> Incident:
    """Name somebody who handles the incident and reads what was written. For the privacy office."""
    actor.require(Role.PRIVACY)
    if not user.is_active:
        raise NotPermitted("This person cannot sign in.", how_to_fix="Name somebody who can.")
    with transaction.atomic():
        incident = _locked(actor, incident)
        incident.handlers.add(user)
        entry = entry_add(incident, Kind.STATE, f"{user} handles it.", actor.name)
        _tell(actor, incident, "handler.named", entry, handler=str(user))
    return incident


def handler_release(*, actor: Actor, incident: Incident, user: User) -> Incident:
    """Take the incident off somebody's desk; they no longer read it."""
    actor.require(Role.PRIVACY)
    with transaction.atomic():
        incident = _locked(actor, incident)
        incident.handlers.remove(user)
        entry = entry_add(incident, Kind.STATE, f"{user} no longer handles it.", actor.name)
        _tell(actor, incident, "handler.released", entry, handler=str(user))
    return incident


def person_concern(*, actor: Actor, incident: Incident, employee: Employee) -> Incident:
    """Note that the incident concerns an employee. Their seat is not reclaimed while it is open."""
    with transaction.atomic():
        incident = _locked(actor, incident)
        incident.concerned.add(employee)
        entry = entry_add(incident, Kind.NOTE, f"It concerns {employee} ({employee.employee_id}).", actor.name)
        _tell(actor, incident, "person.concerned", entry)
    return incident


# ---- tasks -----------------------------------------------------------------------------------------------------


def task_add(*, actor: Actor, incident: Incident, what: str, owner: str, due_on: date) -> Task:
    """Something to be done, by whom, until when."""
    what, owner = written(what, needed="Write what is to be done."), written(owner, needed="Say who does it.")[:200]
    with transaction.atomic():
        incident = _locked(actor, incident)
        if incident.is_over:
            raise Invalid("The incident is closed.", how_to_fix="Reopen it first.")
        task = Task.objects.create(incident=incident, what=what, owner=owner, due_on=due_on)
        entry = entry_add(incident, Kind.NOTE, f"Task for {owner}, due {due_on}: {what}", actor.name)
        _tell(actor, incident, "task.added", entry, task=task.pk, due_on=due_on)
    return task


def task_finish(*, actor: Actor, task: Task) -> Task:
    """A task is done."""
    with transaction.atomic():
        incident = _locked(actor, task.incident)
        task = Task.objects.select_for_update().get(pk=task.pk)
        if task.done_at is not None:
            raise Invalid("The task is done already.")
        task.done_at, task.done_by = clock.now(), actor.name
        task.save(update_fields=["done_at", "done_by"])
        entry = entry_add(incident, Kind.NOTE, f"Task done: {task.what}"[:10_000], actor.name)
        _tell(actor, incident, "task.finished", entry, task=task.pk)
    return task


def _joined(head: str, words: str, note: str) -> str:
    """A line of the timeline: what became of it, and below it what somebody wrote about it."""
    line = f"{head}: {words}" if words else f"{head}."
    return f"{line}\n{written(note)}" if note.strip() else line
