"""The vendor as Beacon wants to see it. Pure: adapters in `apps.vendors` implement it over HTTP.

Six errors, each with one reaction; nothing else may leave an adapter:

- Transient: try again later (`retry_after` seconds where the vendor said so).
- NotFound: the thing is gone; for a removal that is success.
- AlreadyExists: the thing is there; look before doing anything more.
- Rejected: the vendor refuses this one request for good; a person must look.
- Misconfigured: key, address or plan are wrong; stop everything for this workspace.
- OutcomeUnknown: the request may or may not have acted; look, never repeat a create.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol


class ProviderError(Exception):
    """Base of the six. `status` is the HTTP status (0: none), `request_id` and `code` the vendor's, for the record."""

    def __init__(self, message: str, *, status: int = 0, request_id: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message, self.status, self.request_id, self.code = message[:500], status, request_id, code


class Transient(ProviderError):
    def __init__(
        self, message: str, *, status: int = 0, request_id: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, status=status, request_id=request_id)
        self.retry_after = retry_after


class NotFound(ProviderError):
    pass


class AlreadyExists(ProviderError):
    pass


class Rejected(ProviderError):
    pass


class Misconfigured(ProviderError):
    pass


class OutcomeUnknown(ProviderError):
    pass


class MemberSeen(NamedTuple):
    """A member as the vendor shows it. Unknown roles are kept verbatim; `email` may be missing; `is_scim` is None where
    the vendor does not say.
    """

    vendor_id: str
    email: str
    name: str
    role: str
    is_service: bool
    is_scim: bool | None
    added_at: datetime | None
    seat_type: str = ""
    status: str = "active"


class InviteSeen(NamedTuple):
    """An invitation as the vendor shows it; status pending, accepted, expired or something new."""

    vendor_id: str
    email: str
    role: str
    status: str
    invited_at: datetime | None
    expires_at: datetime | None
    accepted_at: datetime | None


class GroupSeen(NamedTuple):
    """A group as the vendor shows it."""

    vendor_id: str
    name: str
    is_scim: bool


class EventSeen(NamedTuple):
    """A line of the vendor's audit log. `kind` is the vendor's dotted type, kept verbatim; `actor` and `subject` are
    an address or an id, or empty; `detail` is what else it said, without addresses of machines.
    """

    event_id: str
    kind: str
    at: datetime
    actor_kind: str
    actor: str
    subject: str
    detail: dict[str, Any]


class UsageSeen(NamedTuple):
    """What one account did on one UTC day, in counts. Nothing of what was said. `email` may be missing."""

    day: date
    vendor_id: str
    email: str
    messages: int
    gpt_messages: int = 0
    tool_messages: int = 0
    project_messages: int = 0


@dataclass(slots=True)
class Listing:
    """How a list was read: complete only if every page came and every cursor moved. Bad records are set aside."""

    complete: bool = True
    pages: int = 0
    records: int = 0
    aside: int = 0
    problems: list[str] = field(default_factory=list)

    def fail(self, problem: str) -> None:
        self.complete = False
        self.problems.append(problem)

    def set_aside(self, problem: str) -> None:
        self.aside += 1
        self.problems.append(problem)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The vendor's answer to a write: its request id and, for creates, the id of what was made."""

    request_id: str
    vendor_id: str = ""


class SeatProvider(Protocol):
    """What Beacon asks of a vendor's workspace. Lists are lazy and note in `listing` how they went; they raise
    `Misconfigured` at once and turn every other failure into an incomplete listing.
    """

    def members(self, listing: Listing) -> Iterator[MemberSeen]: ...

    def invites(self, listing: Listing) -> Iterator[InviteSeen]: ...

    def groups(self, listing: Listing) -> Iterator[GroupSeen]: ...

    def group_members(self, group_id: str, listing: Listing) -> Iterator[str]: ...

    def has_member(self, member_id: str) -> bool: ...

    def has_invite(self, invite_id: str) -> bool: ...

    def member_by_email(self, email: str) -> MemberSeen | None: ...

    def invite(self, email: str, previous: str = "") -> Receipt:
        """Invite an address. `previous` is the id of an invitation of ours that expired: sent anew where the vendor can."""
        ...

    def withdraw(self, invite_id: str) -> Receipt: ...

    def remove(self, member_id: str) -> Receipt: ...

    def suspend(self, member_id: str) -> Receipt: ...

    def restore(self, member_id: str) -> Receipt: ...

    def set_member_role(self, member_id: str) -> Receipt:
        """Give the account the role of a plain member."""
        ...

    def group_create(self, name: str) -> Receipt: ...

    def group_add(self, group_id: str, member_id: str) -> Receipt: ...

    def group_remove(self, group_id: str, member_id: str) -> Receipt: ...

    def retention(self) -> str: ...

    def events(self, since: datetime, listing: Listing) -> Iterator[EventSeen]:
        """The vendor's audit log from `since` on, in any order; lines may come twice."""
        ...

    def usage(self, first: date, last: date, listing: Listing) -> Iterator[UsageSeen]:
        """Activity by account and UTC day from `first` to `last`, both included; days without activity are absent."""
        ...
