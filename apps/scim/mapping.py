"""An employee as a SCIM User, and back. The table of attributes for people stands in docs/scim.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from scim2_models import InvalidValueException, Meta, Resource

from apps.agencies.feed_services import PersonFacts
from apps.agencies.models import Employee
from apps.agencies.selectors import employees_offered
from apps.scim.schemas import USER_MODEL, Email, EnterpriseUser, Manager, Name

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What a refusal of the directory calls the attribute, and what a client calls it.
WORDS = {
    "employee_id": "employeeNumber", "email": "emails", "first_name": "name.givenName", "last_name": "name.familyName",
    "agency_code": "department", "manager_id": "manager", "sign_in_name": "userName", "external_id": "externalId",
}  # fmt: skip


def version_of(employee: Employee) -> str:
    """The weak entity tag of a record: it changes with every change of it."""
    return f'W/"{(employee.updated_at - _EPOCH) // timedelta(microseconds=1):x}"'


def seen_at(version: str | None) -> datetime | None:
    """When a record with this entity tag was changed last."""
    return None if version is None else _EPOCH + timedelta(microseconds=int(version[3:-1], 16))


def as_uuid(text: str | None) -> UUID | None:
    """The id of a User as it is kept; None where the text cannot be one."""
    try:
        return UUID(text or "")
    except ValueError:
        return None


def address_of(key: object) -> Any:
    """A reference to a User; the server makes it a whole address."""
    return f"Users/{key}"


def managers_of(people: Iterable[Employee]) -> dict[str, str]:
    """The public ids of the people's managers, by the manager's employee id."""
    refs = {person.manager_ref for person in people} - {""}
    known = employees_offered().filter(employee_id__in=refs) if refs else employees_offered().none()
    return {ref: str(key) for ref, key in known.values_list("employee_id", "key")}


def resource_of(employee: Employee, managers: Mapping[str, str]) -> Resource[Any]:
    """The User that clients are shown."""
    user: Resource[Any] = USER_MODEL(
        id=str(employee.key), external_id=employee.external_id or None,
        user_name=employee.sign_in_name or employee.email,
        name=Name(given_name=employee.first_name, family_name=employee.last_name), title=employee.title or None,
        active=employee.is_present, emails=[Email(value=employee.email, type=Email.Type.work)],
        meta=Meta(
            resource_type="User", created=employee.created_at, last_modified=employee.updated_at,
            version=version_of(employee),
        ),
    )  # fmt: skip
    manager = managers.get(employee.manager_ref)
    user[EnterpriseUser] = EnterpriseUser(
        employee_number=employee.employee_id, department=employee.agency.code,
        manager=Manager(value=manager, ref=address_of(manager)) if manager else None,
    )  # fmt: skip
    return user


def facts_of(user: Any) -> PersonFacts:
    """What a User says, as the directory takes it. Raises `InvalidValueException` where a part is missing."""
    more = user[EnterpriseUser] or EnterpriseUser()
    name = user.name or Name()
    return PersonFacts(
        employee_id=_given(more.employee_number, "employeeNumber"), email=_address(user.emails),
        first_name=_given(name.given_name, "name.givenName"), last_name=_given(name.family_name, "name.familyName"),
        agency_code=_given(more.department, "department"), is_present=user.active is not False,
        title=user.title or "", manager_ref=_manager(more.manager),
        sign_in_name=_given(user.user_name, "userName"), external_id=user.external_id or "",
    )  # fmt: skip


def _given(value: str | None, name: str) -> str:
    if not (value or "").strip():
        raise InvalidValueException(detail=f"{name} is missing.")
    return str(value).strip()


def _address(emails: list[Email] | None) -> str:
    """The work address; where none is called so, the first."""
    kept = [one for one in emails or [] if one.value]
    work = [one for one in kept if (one.type or "").lower() == "work"]
    return _given(str((work or kept)[0].value) if kept else None, "emails")


def _manager(manager: Manager | None) -> str:
    """The employee id of the manager whom the id, or else the address, names."""
    if manager is None or not (manager.value or manager.ref):
        return ""
    key = as_uuid(manager.value or unquote(str(manager.ref)).rstrip("/").rsplit("/", 1)[-1])
    found = employees_offered().filter(key=key).values_list("employee_id", flat=True).first() if key else None
    if found is None:
        raise InvalidValueException(detail="manager does not name a User that Beacon knows.")
    return found
