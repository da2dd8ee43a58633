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
from datetime import datetime
from typing import NamedTuple, Protocol


class ProviderError(Exception):
    """Base of the six. `status` is the HTTP status (0: none), `request_id` the vendor's, for the record."""

    def __init__(self, message: str, *, status: int = 0, request_id: str = "") -> None:
        super().__init__(message)
        self.message, self.status, self.request_id = message[:500], status, request_id


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
    """A member as the vendor shows it. Unknown roles are kept verbatim; `email` may be missing."""

    vendor_id: str
    email: str
    name: str
    role: str
    is_service: bool
    is_scim: bool
    added_at: datetime | None


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

    def invite(self, email: str) -> Receipt: ...

    def withdraw(self, invite_id: str) -> Receipt: ...

    def remove(self, member_id: str) -> Receipt: ...

    def group_create(self, name: str) -> Receipt: ...

    def group_add(self, group_id: str, member_id: str) -> Receipt: ...

    def group_remove(self, group_id: str, member_id: str) -> Receipt: ...

    def retention(self) -> str: ...
