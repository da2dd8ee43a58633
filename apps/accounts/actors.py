"""Who is acting, and what they may see. Pure: built once per request, handed to every service and selector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from apps.core.errors import BeaconError, NotPermitted


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
# Roles whose grant a second administrator confirms, and which are looked at again every 90 days.
PRIVILEGED = (Role.ADMINISTRATOR, Role.PRIVACY)
EVERYWHERE = ""


class Scope(StrEnum):
    """What a token may be used for. Never more than the roles of its owner allow."""

    READ = "read"
    WRITE = "write"
    DECIDE = "requests:decide"
    COMPLETIONS = "training:import"
    STOP = "stops:start"
    FEED = "feed"
    SCIM = "scim"

    @property
    def label(self) -> str:
        return _SCOPE_LABELS[self]


_SCOPE_LABELS = {
    Scope.READ: "Read whatever the owner's roles may read",
    Scope.WRITE: "Do whatever the owner's roles may do, but for what asks for a fresh sign-in",
    Scope.DECIDE: "Approve and decline seat requests",
    Scope.COMPLETIONS: "Bring in completions of training",
    Scope.STOP: "Start an emergency stop, without a fresh sign-in",
    Scope.FEED: "Read the feed of changes",
    Scope.SCIM: "Keep the directory of employees (SCIM 2.0), for connections alone",
}


class FreshSignInNeeded(BeaconError):
    """A sensitive act: who is at the keyboard proves it again (domain.md, People and roles)."""

    status = 403
    text = "This needs a sign-in of the last 10 minutes."
    how_to_fix = "Confirm that it is you, then do it again."
    leads_to = "accounts:confirm"


class ScopeNeeded(BeaconError):
    """The token was not made for this."""

    status = 403
    text = "The token was not made for this."
    how_to_fix = "Make a token with the scope that is needed."


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
    # Signed in within the last 10 minutes, as the identity provider says (accounts.sessions).
    is_fresh: bool = False
    # What the token at hand may do; None for a person at a browser.
    scopes: frozenset[str] | None = None

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

    def require_fresh(self, scope: Scope | None = None) -> None:
        """Raise `FreshSignInNeeded` unless the person proved lately who they are. Beacon itself has no need to.

        A token proves nothing of the kind: it passes where it was made for this very act (`scope`).
        """
        if self.is_system or self.is_fresh or (self.scopes and scope in self.scopes):
            return
        raise FreshSignInNeeded()

    def require_fresh_at_a_browser(self) -> None:
        """The same of a person at a browser. A token passes: a person made it with a fresh sign-in, for acts like this."""
        if self.scopes is None:
            self.require_fresh()

    def require(self, *roles: Role) -> None:
        """Raise `NotPermitted` unless one of `roles` is held."""
        if not self.has(*roles):
            needed = " or ".join(role.label for role in roles)
            raise NotPermitted(f"Only this role may do it: {needed}.")


SYSTEM = Actor(key="system", name="Beacon", is_system=True)
