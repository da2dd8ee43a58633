"""Every write to the directory except the roster, which is in roster_services.py."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.accounts.models import User
from apps.agencies.errors import LastContact
from apps.agencies.models import Agency, AgencyContact, Employee
from apps.agencies.selectors import contacts_in_force
from apps.audit import services as audit
from apps.core import clock
from apps.core.db.errors import translated
from apps.core.errors import Invalid, given


def agencies_load(*, actor: Actor, path: Path) -> int:
    """Make the directory's agencies what the CSV says (code, name, parent_code, planned_headcount).

    Agencies missing from the file are left alone. Returns how many were made or changed.
    """
    actor.require(Role.ADMINISTRATOR)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    changed = 0
    with transaction.atomic():
        # Secretariats first, so that each agency finds its parent.
        for row in sorted(rows, key=lambda row: bool(row["parent_code"])):
            parent = Agency.objects.get(code=row["parent_code"]) if row["parent_code"] else None
            values = {
                "name": row["name"].strip(),
                "parent": parent,
                "planned_headcount": int(row["planned_headcount"]),
            }
            agency, made = Agency.objects.get_or_create(code=row["code"].strip().upper(), defaults=values)
            stale = [name for name, value in values.items() if getattr(agency, name) != value]
            for name in stale:
                setattr(agency, name, values[name])
            if stale:
                agency.save(update_fields=stale)
            if made or stale:
                changed += 1
                audit.record(actor, "agencies.agency.loaded", agency, after={"code": agency.code})
    return changed


def contact_add(
    *, actor: Actor, employee: Employee, agency: Agency, kind: str, from_on: date | None = None
) -> AgencyContact:
    """Name a contact. The contact works in the agency or in its secretariat."""
    actor.require(Role.ADMINISTRATOR)
    if employee.status == Employee.Status.SEPARATED:
        raise Invalid("This person has left.", how_to_fix="Choose somebody who is employed.")
    if employee.agency_id not in {agency.pk, agency.parent_id}:
        raise Invalid("A contact works in the agency or in its secretariat.", how_to_fix="Choose one of its employees.")
    with transaction.atomic(), translated():
        contact = AgencyContact.objects.create(
            employee=employee, agency=agency, kind=kind, from_on=from_on or clock.today()
        )
        audit.record(
            actor, "agencies.contact.added", contact, after={"agency": agency.code, "kind": kind}, name=str(employee)
        )
    return contact


def contact_end(*, actor: Actor, contact: AgencyContact, reason: str) -> AgencyContact:
    """End a contact's service, at once. Raises `LastContact` where the agency would be left without one.

    Whoever ends today or on a known day is no successor.
    """
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        Agency.objects.select_for_update().get(pk=contact.agency_id)
        others = contacts_in_force().filter(agency=contact.agency_id, until_on=None).exclude(pk=contact.pk)
        if not others.exists():
            raise LastContact()
        contact.until_on = max(clock.today(), contact.from_on)
        contact.save(update_fields=["until_on"])
        audit.record(actor, "agencies.contact.ended", contact, after={"until": contact.until_on}, reason=reason)
    return contact


def employee_link_user(*, actor: Actor, employee: Employee, user: User) -> Employee:
    """Join a sign-in to the person in the directory it belongs to."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        employee.user = user
        employee.save(update_fields=["user"])
        audit.record(actor, "agencies.employee.linked", employee, after={"user": str(user.key)})
    return employee


def agency_add(
    *, actor: Actor, code: str, name: str, parent: Agency | None = None, planned_headcount: int = 0
) -> Agency:
    """Add an agency, or a secretariat (no parent)."""
    actor.require(Role.ADMINISTRATOR)
    _two_levels(None, parent)
    with transaction.atomic(), translated():
        agency = Agency.objects.create(
            code=code.strip().upper(), name=name.strip(), parent=parent, planned_headcount=planned_headcount
        )
        audit.record(actor, "agencies.agency.added", agency, after={"code": agency.code, "name": agency.name})
    return agency


def agency_revise(
    *, actor: Actor, agency: Agency, name: str, parent: Agency | None, planned_headcount: int, reason: str
) -> Agency:
    """Change an agency's name, its secretariat or the headcount that is planned with. Its code never changes."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic(), translated():
        agency = Agency.objects.select_for_update(of=("self",)).get(pk=agency.pk)
        _two_levels(agency, parent)
        before = _facts(agency)
        agency.name, agency.parent, agency.planned_headcount = name.strip(), parent, planned_headcount
        agency.save(update_fields=["name", "parent", "planned_headcount"])
        audit.record(
            actor, "agencies.agency.revised", agency, before=before, after=_facts(agency), reason=given(reason)
        )
    return agency


def _two_levels(agency: Agency | None, parent: Agency | None) -> None:
    if parent is None:
        return
    if parent.parent_id is not None or (agency and (parent == agency or agency.agencies.exists())):
        raise Invalid(
            "An agency belongs to a secretariat, and a secretariat to nobody.", how_to_fix="Choose a secretariat."
        )


def _facts(agency: Agency) -> dict[str, object]:
    parent = agency.parent.code if agency.parent else ""
    return {"name": agency.name, "parent": parent, "planned_headcount": agency.planned_headcount}
