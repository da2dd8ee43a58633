"""What the directory knows of a person who signs in (settings.ACTOR_FACTS, SIGN_IN_KNOWN)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from apps.accounts.actors import SYSTEM, Role
from apps.accounts.models import User
from apps.agencies.models import Agency, AgencyContact, Employee
from apps.agencies.services import employee_link_user
from apps.core import clock


def facts(user: User) -> dict[str, Any] | None:
    """Employee, agency and the agencies served as contact; None for somebody who has left."""
    found = Employee.objects.filter(user=user).values("pk", "agency_id", "status").first()
    if found is None:
        return {}
    if found["status"] == Employee.Status.SEPARATED:
        return None
    served = contact_agencies(found["pk"])
    roles = {Role.CONTACT: frozenset({""})} if served else {}
    return {
        "employee_id": found["pk"],
        "agency_id": found["agency_id"],
        "agency_ids": served,
        "roles": roles,
    }


def contact_agencies(employee_pk: int) -> frozenset[int]:
    """The agencies that an employee serves now; a secretariat's contact also serves its agencies.

    Ending a service bites at once, like every right that is taken back, and not at midnight.
    """
    today = clock.today()
    contact = AgencyContact.objects.filter(
        Q(until_on=None) | Q(until_on__gt=today), employee=employee_pk, from_on__lte=today
    )
    own = contact.values("agency_id")
    below = Agency.objects.filter(parent__in=own)
    return frozenset(own.values_list("agency_id", flat=True).union(below.values_list("pk", flat=True)))


def is_known(email: str) -> bool:
    """Whether an employed person has this address."""
    return Employee.objects.filter(email__iexact=email).exclude(status=Employee.Status.SEPARATED).exists()


def join(user: User, email: str) -> None:
    """Join a sign-in to the employed person with this address, where nobody else has been joined to them."""
    employee = Employee.objects.filter(email__iexact=email, user=None).exclude(status=Employee.Status.SEPARATED).first()
    if employee is not None:
        employee_link_user(actor=SYSTEM, employee=employee, user=user)
