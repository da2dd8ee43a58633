"""What the directory knows of a person who signs in (settings.ACTOR_FACTS, SIGN_IN_KNOWN)."""

from __future__ import annotations

from typing import Any

from apps.accounts.actors import SYSTEM, Role
from apps.accounts.models import User
from apps.agencies.models import Agency, Employee
from apps.agencies.selectors import contacts_in_force
from apps.agencies.services import employee_link_user


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
    """The agencies that an employee serves now; a secretariat's contact also serves its agencies."""
    own = contacts_in_force().filter(employee=employee_pk).values("agency_id")
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
