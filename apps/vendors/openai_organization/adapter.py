"""The `SeatProvider` over the vendor's organization API: pages into records, records into what Beacon means."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from apps.licenses.ports import (
    AlreadyExists,
    EventSeen,
    GroupSeen,
    InviteSeen,
    Listing,
    MemberSeen,
    Receipt,
    Rejected,
    UsageSeen,
)
from apps.vendors.openai_organization.client import Client
from apps.vendors.openai_organization.events import event_of
from apps.vendors.pages import decoded, done, is_there, made, moment, records, walk
from apps.vendors.records import Invite, invite_seen

_USERS_PER_PAGE, _GROUPS_PER_PAGE = 100, 1000


class _User(msgspec.Struct):
    id: str
    email: str | None = None
    name: str | None = None
    role: str | None = None
    added_at: int | None = None
    is_service_account: bool | None = None
    is_scim_managed: bool | None = None


class _Group(msgspec.Struct):
    id: str
    name: str
    is_scim_managed: bool | None = None


class _GroupUser(msgspec.Struct):
    id: str


class _Retention(msgspec.Struct):
    type: str


class _Result(msgspec.Struct):
    num_model_requests: int
    user_id: str | None = None


class _Bucket(msgspec.Struct):
    start_time: int
    results: list[_Result]


class Adapter:
    """See `licenses.ports.SeatProvider`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    # -- lists ----------------------------------------------------------------------------------------------------

    def members(self, listing: Listing) -> Iterator[MemberSeen]:
        fetch = lambda after: self._client.users(after=after, limit=_USERS_PER_PAGE)  # noqa: E731 - one line, used once
        return walk(fetch, _User, _member, listing)

    def invites(self, listing: Listing) -> Iterator[InviteSeen]:
        fetch = lambda after: self._client.invites(after=after, limit=_USERS_PER_PAGE)  # noqa: E731 - as above
        return walk(fetch, Invite, invite_seen, listing)

    def groups(self, listing: Listing) -> Iterator[GroupSeen]:
        fetch = lambda after: self._client.groups(after=after, limit=_GROUPS_PER_PAGE)  # noqa: E731 - as above
        return walk(fetch, _Group, lambda g: GroupSeen(g.id, g.name, bool(g.is_scim_managed)), listing)

    def group_members(self, group_id: str, listing: Listing) -> Iterator[str]:
        fetch = lambda after: self._client.group_users(  # noqa: E731 - as above
            group_id, after=after, limit=_GROUPS_PER_PAGE
        )
        return walk(fetch, _GroupUser, lambda user: str(user.id), listing, may_be_gone=True)

    def has_member(self, member_id: str) -> bool:
        return is_there(lambda: self._client.user(member_id))

    def has_invite(self, invite_id: str) -> bool:
        return is_there(lambda: self._client.invite(invite_id))

    def member_by_email(self, email: str) -> MemberSeen | None:
        listing = Listing()
        seen = records(self._client.users_by_email(email), _User, listing)
        found = [_member(user) for user in seen]
        return next((member for member in found if member.email.lower() == email.lower()), None)

    def retention(self) -> str:
        return decoded(self._client.data_retention(), _Retention).type

    def events(self, since: datetime, listing: Listing) -> Iterator[EventSeen]:
        fetch = lambda after: self._client.audit_logs(  # noqa: E731 - as above
            since=int(since.timestamp()), after=after, limit=_USERS_PER_PAGE
        )
        return walk(fetch, dict[str, Any], event_of, listing)

    def usage(self, first: date, last: date, listing: Listing) -> Iterator[UsageSeen]:
        """Calls of the API by account: this surface knows nothing of conversations in the assistant."""
        start = int(datetime.combine(first, time(), UTC).timestamp())
        end = int(datetime.combine(last + timedelta(days=1), time(), UTC).timestamp())
        fetch = lambda page: self._client.usage(start=start, end=end, page=page)  # noqa: E731 - as above
        for bucket in walk(fetch, _Bucket, lambda found: found, listing):
            day = datetime.fromtimestamp(bucket.start_time, UTC).date()
            for result in bucket.results:
                if result.user_id and result.num_model_requests:
                    yield UsageSeen(day, result.user_id, "", result.num_model_requests)

    # -- writes ---------------------------------------------------------------------------------------------------

    def invite(self, email: str, previous: str = "") -> Receipt:
        # There is no resending here: what expired stays in the list, and a new one is made.
        return made(self._client.invite_create(email))

    def withdraw(self, invite_id: str) -> Receipt:
        try:
            return done(self._client.invite_delete(invite_id))
        except Rejected as refusal:
            # An accepted invitation cannot be deleted: the person is a member by now.
            raise AlreadyExists(refusal.message, status=refusal.status, request_id=refusal.request_id) from refusal

    def remove(self, member_id: str) -> Receipt:
        return done(self._client.user_delete(member_id))

    def suspend(self, member_id: str) -> Receipt:
        raise Rejected("This API has no way to suspend an account.")

    def restore(self, member_id: str) -> Receipt:
        raise Rejected("This API has no way to restore an account.")

    def set_member_role(self, member_id: str) -> Receipt:
        return done(self._client.user_role(member_id, "reader"))

    def group_create(self, name: str) -> Receipt:
        return made(self._client.group_create(name))

    def group_add(self, group_id: str, member_id: str) -> Receipt:
        return done(self._client.group_user_add(group_id, member_id))

    def group_remove(self, group_id: str, member_id: str) -> Receipt:
        return done(self._client.group_user_remove(group_id, member_id))


def _member(user: _User) -> MemberSeen:
    return MemberSeen(
        user.id, user.email or "", user.name or "", user.role or "", bool(user.is_service_account),
        bool(user.is_scim_managed), moment(user.added_at),
    )  # fmt: skip
