"""The `SeatProvider` over the ChatGPT Admin API of one workspace: the real seats."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from apps.licenses.ports import (
    AlreadyExists,
    EventSeen,
    GroupSeen,
    InviteSeen,
    Listing,
    MemberSeen,
    Misconfigured,
    NotFound,
    ProviderError,
    Receipt,
    Rejected,
    UsageSeen,
)
from apps.vendors.chatgpt_workspace.client import Client
from apps.vendors.pages import done, is_there, made, moment, records, walk
from apps.vendors.records import Invite, actor_of, invite_seen, subject_of

# Who writes lines into our own log by reading: of no use to anybody.
_OWN_READS = ("LIST_", "GET_")


class _User(msgspec.Struct):
    id: str
    email: str | None = None
    name: str | None = None
    role: str | None = None
    seat_type: str | None = None
    status: str | None = None
    created_at: int | None = None


class _Group(msgspec.Struct):
    id: str
    name: str
    source: str | None = None


class _GroupUser(msgspec.Struct):
    id: str
    is_scim_managed: bool | None = None


class _Usage(msgspec.Struct):
    date: str
    user_id: str
    messages: int
    email: str | None = None
    gpt_messages: int | None = None
    tool_messages: int | None = None
    project_messages: int | None = None


class _File(msgspec.Struct):
    id: str


class Adapter:
    """See `licenses.ports.SeatProvider`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    # -- lists --------------------------------------------------------------------------------------------------

    def members(self, listing: Listing) -> Iterator[MemberSeen]:
        """Active members. The list does not say who is managed by the identity provider; the groups that it manages do."""
        scim = self._scim_members(listing)
        fetch = lambda after: self._client.users(after=after)  # noqa: E731 - one line, used once
        return walk(fetch, _User, lambda user: _member(user, scim), listing)

    def _scim_members(self, listing: Listing) -> frozenset[str]:
        found: set[str] = set()
        own = Listing()
        for group in list(self.groups(own)):
            if group.is_scim:
                found.update(u.id for u in self._group_rows(group.vendor_id, own) if u.is_scim_managed is not False)
        if not own.complete:
            listing.fail("Who is managed by the identity provider could not be read: " + " ".join(own.problems[:3]))
        return frozenset(found)

    def invites(self, listing: Listing) -> Iterator[InviteSeen]:
        fetch = lambda after: self._client.invites(after=after)  # noqa: E731 - as above
        return walk(fetch, Invite, invite_seen, listing)

    def groups(self, listing: Listing) -> Iterator[GroupSeen]:
        fetch = lambda cursor: self._client.groups(cursor=cursor)  # noqa: E731 - as above
        return walk(fetch, _Group, lambda g: GroupSeen(g.id, g.name, g.source == "scim"), listing)

    def group_members(self, group_id: str, listing: Listing) -> Iterator[str]:
        return (user.id for user in self._group_rows(group_id, listing))

    def _group_rows(self, group_id: str, listing: Listing) -> Iterator[_GroupUser]:
        fetch = lambda cursor: self._client.group_users(group_id, cursor=cursor)  # noqa: E731 - as above
        return walk(fetch, _GroupUser, lambda user: user, listing, may_be_gone=True)

    def has_member(self, member_id: str) -> bool:
        return is_there(lambda: self._client.user(member_id))

    def has_invite(self, invite_id: str) -> bool:
        return is_there(lambda: self._client.invite(invite_id))

    def member_by_email(self, email: str) -> MemberSeen | None:
        found = [_member(u, frozenset()) for u in records(self._client.users_by_email(email), _User, Listing())]
        return next((member for member in found if member.email.lower() == email.lower()), None)

    def retention(self) -> str:
        """How long conversations are kept is a setting of the console; this API does not tell."""
        return ""

    def events(self, since: datetime, listing: Listing) -> Iterator[EventSeen]:
        """The audit log's files that end after `since`, line by line."""
        fetch = lambda after: self._client.logs(after=after or since.isoformat())  # noqa: E731 - as above
        for file in walk(fetch, _File, lambda file: file, listing):
            try:
                lines = self._client.log_lines(file.id).splitlines()
            except Misconfigured:
                raise
            except ProviderError as error:
                listing.fail(f"The file {file.id} could not be read: {error.message} (HTTP {error.status}).")
                return
            for line in lines:
                listing.records += 1
                try:
                    event = _event(msgspec.json.decode(line.replace(b"\\u0000", b""), type=dict[str, Any]))
                except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
                    listing.set_aside(f"A line was set aside: {type(error).__name__} {error}")
                    continue
                if not (event.actor_kind.lower() == "api_key" and event.kind.startswith(_OWN_READS)):
                    yield event

    def usage(self, first: date, last: date, listing: Listing) -> Iterator[UsageSeen]:
        start, end = first.isoformat(), (last + timedelta(days=1)).isoformat()
        fetch = lambda page: self._client.usage(start=start, end=end, page=page)  # noqa: E731 - as above
        return walk(fetch, _Usage, _usage, listing)

    # -- writes -------------------------------------------------------------------------------------------------

    def invite(self, email: str, previous: str = "") -> Receipt:
        if previous:
            try:
                return made(self._client.invite_resend(previous))
            except (NotFound, Misconfigured, Rejected) as refusal:
                # Gone or accepted meanwhile, or there is no resending: a new one then. 401 and 403 are another matter.
                if refusal.status in {401, 403}:
                    raise
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
        return done(self._client.user_update(member_id, "suspend_body"))

    def restore(self, member_id: str) -> Receipt:
        return done(self._client.user_update(member_id, "restore_body"))

    def set_member_role(self, member_id: str) -> Receipt:
        return done(self._client.user_update(member_id, "role_body"))

    def group_create(self, name: str) -> Receipt:
        return made(self._client.group_create(name))

    def group_add(self, group_id: str, member_id: str) -> Receipt:
        return done(self._client.group_user_add(group_id, member_id))

    def group_remove(self, group_id: str, member_id: str) -> Receipt:
        return done(self._client.group_user_remove(group_id, member_id))


def _member(user: _User, scim: frozenset[str]) -> MemberSeen:
    return MemberSeen(
        user.id, user.email or "", user.name or "", user.role or "", False, True if user.id in scim else None,
        moment(user.created_at), user.seat_type or "", user.status or "active",
    )  # fmt: skip


def _usage(row: _Usage) -> UsageSeen:
    return UsageSeen(
        date.fromisoformat(row.date), row.user_id, row.email or "", row.messages, row.gpt_messages or 0,
        row.tool_messages or 0, row.project_messages or 0,
    )  # fmt: skip


def _event(line: dict[str, Any]) -> EventSeen:
    detail = line.get("details")
    kept: dict[str, Any] = dict(detail) if isinstance(detail, dict) else {}
    kind, actor = actor_of(line.get("actor"))
    at = datetime.fromisoformat(str(line["timestamp"]))
    return EventSeen(str(line["event_id"]), str(line["action"]), at, kind, actor, subject_of(kept), kept)
