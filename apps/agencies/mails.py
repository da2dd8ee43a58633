"""Who of the directory gets a digest (settings.DIGEST_READERS)."""

from __future__ import annotations

from collections import defaultdict

from apps.agencies.models import Agency, Employee
from apps.agencies.selectors import contacts_in_force
from apps.mail.digest import Reader
from apps.mail.outbox import To


def digest_readers() -> list[Reader]:
    """Every contact in force, with the agencies they serve; a secretariat's contact also serves its agencies."""
    served: dict[int, set[int]] = defaultdict(set)
    people: dict[int, Employee] = {}
    below: dict[int, set[int]] = defaultdict(set)
    for pk, parent in Agency.objects.exclude(parent=None).values_list("pk", "parent"):
        below[parent or 0].add(pk)
    for contact in contacts_in_force():
        people[contact.employee_id] = contact.employee
        served[contact.employee_id] |= {contact.agency_id, *below[contact.agency_id]}
    return [Reader(address_of(people[pk]), frozenset(agencies)) for pk, agencies in served.items()]


def address_of(employee: Employee) -> To:
    """Where mail to an employee goes: the work address that the directory has."""
    return To(employee.email, employee.user_id, employee.pk)
