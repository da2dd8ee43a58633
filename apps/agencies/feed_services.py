"""Changes of the directory that the identity provider sends, one person at a time.

Each goes through what a row of the HR file goes through: the same checks (`roster.check`), the same consequences
(ROSTER_APPLIED) and the same thresholds. Of people who leave, the thresholds are counted over 24 hours. What goes beyond
is not applied: it is put into a run that is held until a person releases or discards it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count

from apps.accounts.actors import Actor, Role
from apps.agencies import errors, roster
from apps.agencies.models import Agency, Employee, FeedChange, RosterLine, RosterRun
from apps.agencies.roster_services import RosterEffect, lock_roster, run_hold
from apps.agencies.selectors import employees_offered, leaves_nobody
from apps.audit import services as audit
from apps.core import clock, hooks
from apps.core.db.errors import translated
from apps.core.delimited import CONTROL
from apps.core.errors import Invalid

WINDOW = timedelta(hours=24)
# Whoever a person decided to keep is not taken away by the next request: it is held again, for this long.
KEPT_FOR = timedelta(days=30)
SEPARATED = Employee.Status.SEPARATED
_VERBS = {"join": "joined", "leave": "separated", "move": "moved", "change": "changed"}


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What the identity provider says of a person. `manager_ref` is the manager's employee id."""

    employee_id: str
    email: str
    first_name: str
    last_name: str
    agency_code: str
    is_present: bool
    title: str = ""
    manager_ref: str = ""
    sign_in_name: str = ""
    external_id: str = ""


def employee_receive(
    *, actor: Actor, facts: PersonFacts, employee: Employee | None = None, seen_at: datetime | None = None
) -> Employee:
    """Make a person's record what the identity provider says; without `employee`, a new or a returning one.

    `seen_at` is the record's `updated_at` when it was read. Raises `Invalid`, `EmailTaken`, `SignInNameTaken`,
    `EmployeeIdTaken`, `NotAsSeen`, and `SeparationHeld` where the person would leave and a human is asked first.
    """
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic(), translated():
        if not facts.is_present:
            lock_roster()
        person = _returning(facts) if employee is None else _locked(employee, seen_at)
        values = _checked(facts, person)
        _free(values, person)
        leaves = person.pk is not None and person.is_present and not facts.is_present
        held = _hold(actor, person) if leaves else None
        if held is None:
            _write(actor, person, values)
    if held is not None:
        raise errors.SeparationHeld(f"This separation is held in import {held.pk} until a person confirms it.")
    return person


def employee_withdraw(*, actor: Actor, employee: Employee, seen_at: datetime | None = None) -> Employee:
    """The identity provider removed the person: they leave, and it is no longer shown the record. Nothing is deleted.

    Raises `NotAsSeen` and `SeparationHeld`.
    """
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        lock_roster()
        person = _locked(employee, seen_at)
        held = _hold(actor, person) if person.is_present else None
        if held is None:
            _write(
                actor, person, {"status": SEPARATED, "withdrawn_at": clock.now()}, verb="agencies.employee.withdrawn"
            )
    if held is not None:
        raise errors.SeparationHeld(f"This separation is held in import {held.pk} until a person confirms it.")
    return person


# ---- inside --------------------------------------------------------------------------------------------


def _locked(employee: Employee, seen_at: datetime | None) -> Employee:
    person = Employee.objects.select_for_update(of=("self",)).select_related("agency").get(pk=employee.pk)
    if seen_at is not None and person.updated_at != seen_at:
        raise errors.NotAsSeen()
    return person


def _returning(facts: PersonFacts) -> Employee:
    """The record of a person who comes back, or a new one. The employee id tells, as in the HR file."""
    found = (
        Employee.objects.select_for_update(of=("self",))
        .select_related("agency")
        .filter(employee_id=facts.employee_id)
        .first()
    )
    if found is None:
        return Employee(source=Employee.Source.SCIM, status=SEPARATED)
    if found.is_present or employees_offered().filter(pk=found.pk).exists():
        raise errors.EmployeeIdTaken()
    return found


def _checked(facts: PersonFacts, person: Employee) -> dict[str, Any]:
    """The fields to set, checked as a row of the HR file is. Raises `Invalid`."""
    agencies = {agency.code: agency for agency in Agency.objects.filter(code=facts.agency_code.upper())}
    present = Employee.Status.LEAVE if person.status == Employee.Status.LEAVE else Employee.Status.ACTIVE
    status = present if facts.is_present else SEPARATED
    cells = [
        facts.employee_id, facts.email, facts.first_name, facts.last_name, facts.title, facts.agency_code,
        facts.manager_ref, status, "no", "", "",
    ]  # fmt: skip
    try:
        row = roster.check(0, [cell.strip() for cell in cells], {code: one.is_active for code, one in agencies.items()})
        names = {name: _plain(name, getattr(facts, name)) for name in ("sign_in_name", "external_id")}
    except roster.BadRow as problem:
        raise Invalid(str(problem)) from None
    return names | {
        "employee_id": row.employee_id, "email": row.email, "first_name": row.first_name, "last_name": row.last_name,
        "title": row.title, "agency": agencies[row.agency_code], "manager_ref": row.manager_ref, "status": row.status,
        "withdrawn_at": None,
    }  # fmt: skip


def _free(values: dict[str, Any], person: Employee) -> None:
    """Raise unless the sign-in name is free among those employed, as somebody's sign-in name or only known address."""
    name = (values["sign_in_name"] or values["email"]).lower()
    others = Employee.objects.exclude(status=SEPARATED).filter(lookup_name=name).exclude(pk=person.pk)
    if values["status"] != SEPARATED and others.exists():
        raise errors.EmailTaken() if others.filter(sign_in_name="").exists() else errors.SignInNameTaken()


def _plain(name: str, text: str) -> str:
    if len(text) > 254:
        raise roster.BadRow(f"{name} is longer than 254 characters.")
    if CONTROL.search(text):
        raise roster.BadRow(f"{name} contains a control character.")
    return text


def _write(actor: Actor, person: Employee, values: dict[str, Any], *, verb: str = "") -> None:
    """Set the fields, tell the trail and the higher apps."""
    before = {name: getattr(person, name, None) for name in values} if person.pk else {}
    changed = {name: value for name, value in values.items() if not person.pk or before[name] != value}
    if not changed:
        return
    kind = _kind(person, changed)
    origin = person.agency if person.pk else values["agency"]
    if "employee_id" in changed and person.pk:
        Employee.objects.filter(manager_ref=person.employee_id).update(manager_ref=changed["employee_id"])
    for name, value in changed.items():
        setattr(person, name, value)
    _end(person, kind)
    person.source_digest, person.updated_at = "", clock.now()
    person.save()
    FeedChange.objects.create(
        employee=person, kind=kind, agency=origin, at=clock.now(), by_key=actor.key, by=actor.name
    )
    audit.record(
        actor, verb or f"agencies.employee.{_VERBS[kind]}", person,
        before={name: _told(before.get(name)) for name in changed if person.pk and before},
        after={name: _told(value) for name, value in changed.items()},
    )  # fmt: skip
    hooks.call("ROSTER_APPLIED", actor, _effect(person, kind))


def _kind(person: Employee, changed: dict[str, Any]) -> str:
    if person.pk is None:
        return "join"
    if "status" in changed and SEPARATED in {person.status, changed["status"]}:
        return "leave" if changed["status"] == SEPARATED else "join"
    return "move" if "agency" in changed else "change"


def _end(person: Employee, kind: str) -> None:
    """The last day, as a run of the HR file sets it: kept where one is known, gone for whoever comes back."""
    if kind == "leave" and person.end_on is None:
        person.end_on = max(clock.today(), person.start_on or clock.today())
    elif kind == "join" and person.is_present:
        person.end_on = None


def _effect(person: Employee, kind: str) -> RosterEffect:
    of = {one: [person.pk] if one == kind else [] for one in _VERBS}
    return RosterEffect(None, joined=of["join"], left=of["leave"], moved=of["move"], changed=of["change"])


def _told(value: Any) -> Any:
    return value.code if isinstance(value, Agency) else value


# ---- holding -------------------------------------------------------------------------------------------


def _hold(actor: Actor, person: Employee) -> RosterRun | None:
    """The held run that the separation waits in; None where it may be applied at once."""
    held = RosterRun.objects.filter(
        source=RosterRun.Source.SCIM, state=RosterRun.State.HELD, proposed_by_key=actor.key
    ).first()
    reasons = _hold_reasons(person) + leaves_nobody([person.employee_id])
    if held is None and not reasons:
        return None
    line = RosterLine(
        kind=RosterLine.Kind.LEAVE, employee_id=person.employee_id, email=person.email, first_name=person.first_name,
        last_name=person.last_name, title=person.title, agency=person.agency, status=SEPARATED,
        reason=f"Asked for by {actor.name}."[:300],
    )  # fmt: skip
    return run_hold(actor=actor, run=held, line=line, reasons=reasons)


def _hold_reasons(person: Employee) -> list[str]:
    """Why this person's separation must wait for a human; empty where it need not.

    Thresholds are those of the HR file, counted over what the identity provider separated in the last 24 hours.
    """
    left = FeedChange.objects.filter(kind=RosterLine.Kind.LEAVE, at__gt=clock.now() - WINDOW)
    here = dict(left.values_list("agency").annotate(Count("pk")))
    gone, gone_here = sum(here.values()) + 1, here.get(person.agency_id, 0) + 1
    present = dict(Employee.objects.exclude(status=SEPARATED).values_list("agency").annotate(Count("pk")))
    total, total_here = sum(present.values()) + gone - 1, present.get(person.agency_id, 0) + gone_here - 1
    reasons = []
    if gone > max(roster.HOLD_PEOPLE, roster.HOLD_SHARE * total):
        reasons.append(f"More than {gone - 1:,} of {total:,} people would be separated within 24 hours.")
    if gone_here > max(roster.HOLD_AGENCY_PEOPLE, roster.HOLD_AGENCY_SHARE * total_here):
        reasons.append(
            f"More than {gone_here - 1:,} of {total_here:,} people in {person.agency.code} would be separated within 24 hours."
        )
    kept = RosterRun.objects.filter(
        source=RosterRun.Source.SCIM, state=RosterRun.State.DISCARDED, created_at__gt=clock.now() - KEPT_FOR
    )
    if RosterLine.objects.filter(run__in=kept, employee_id=person.employee_id).exists():
        reasons.append("Somebody decided within the last 30 days to keep a person who is asked for again.")
    return reasons
