"""Who is acting, and what they may see. Pure: built once per request, handed to every service and selector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from apps.core.errors import NotPermitted


class Role(StrEnum):
    """The roles, most far-reaching first: the order in which a person's own role is named."""

    ADMINISTRATOR = "administrator"
    PRIVACY = "privacy_officer"
    AUDITOR = "auditor"
    CONTACT = "agency_contact"
    LEADER = "leader"
    EMPLOYEE = "employee"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Role.ADMINISTRATOR: "EOTSS administrator",
    Role.PRIVACY: "Privacy officer",
    Role.AUDITOR: "Auditor",
    Role.CONTACT: "Agency contact",
    Role.LEADER: "Leader",
    Role.EMPLOYEE: "Employee",
}
# Roles that are granted; contact follows from AgencyContact and employee from the directory.
GRANTABLE = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.LEADER)
EVERYWHERE = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person (or Beacon itself) with the facts that permissions read.

    `roles` maps each held role to the codes of the secretariats or agencies it covers, "" being all.
    `agency_ids` are the agencies that the person serves as contact, those of a secretariat included.
    """

    key: str
    name: str
    user_id: int | None = None
    employee_id: int | None = None
    agency_id: int | None = None
    roles: Mapping[Role, frozenset[str]] = field(default_factory=dict)
    agency_ids: frozenset[int] = frozenset()
    is_system: bool = False

    @property
    def role(self) -> str:
        """The role named in the audit trail: the most far-reaching one held."""
        if self.is_system:
            return "system"
        return next((role.value for role in Role if role in self.roles), Role.EMPLOYEE.value)

    @property
    def role_label(self) -> str:
        return "Beacon" if self.is_system else Role(self.role).label

    def has(self, *roles: Role) -> bool:
        return self.is_system or any(role in self.roles for role in roles)

    @property
    def sees_everyone(self) -> bool:
        """May read every person's record: EOTSS, the privacy office and auditors."""
        return self.has(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)

    @property
    def sees_names(self) -> bool:
        """Whether pages about the roll-out name the people in it. Leaders read figures and no names."""
        return self.sees_everyone or Role.LEADER not in self.roles or Role.CONTACT in self.roles

    @property
    def can_search_people(self) -> bool:
        return self.sees_everyone or Role.CONTACT in self.roles

    def require(self, *roles: Role) -> None:
        """Raise `NotPermitted` unless one of `roles` is held."""
        if not self.has(*roles):
            needed = " or ".join(role.label for role in roles)
            raise NotPermitted(f"Only this role may do it: {needed}.")


SYSTEM = Actor(key="system", name="Beacon", is_system=True)
